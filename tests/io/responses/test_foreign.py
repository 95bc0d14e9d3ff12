"""Recordings that others made: spike times are counted per stimulus, plain tables are read, bad files are refused."""

import datetime
import json
import re
import shutil
import time

import numpy as np
import pytest
import xarray as xr

from synfer.core.errors import ParameterError
from synfer.io.responses import from_neo, load_responses, save_responses

SECONDS = 2.0
ROWS, SESSIONS = 12, 3
rng = np.random.default_rng(8)
START = np.arange(ROWS) * 1.5 + 0.25
LENGTH = rng.uniform(0.4, 1.2, ROWS)
TIMES = [
    np.sort(rng.uniform(0, 20, 150)),
    np.array([START[0], START[1] + LENGTH[1], START[4] + 0.1]),
    rng.uniform(0, 20, 90),
]
"""Of three units; one of the second's spikes is at the start of a stimulus, one at the end."""
S, I = rng.integers(2, size=(ROWS, 2)), rng.integers(2, size=(ROWS, 4))


def by_hand():
    """Spikes with start <= t < end, one at a time."""
    counts = np.zeros((ROWS, len(TIMES)), dtype=int)
    for unit, times in enumerate(TIMES):
        for t in times:
            for row in range(ROWS):
                counts[row, unit] += START[row] <= t < START[row] + LENGTH[row]
    return counts.reshape(SESSIONS, -1, len(TIMES))


@pytest.fixture
def nwb(tmp_path):
    """Writes a file as others do, row by row; `rows` changes a trial."""
    pynwb = pytest.importorskip("pynwb", reason="extra recordings is not installed")
    epoch = datetime.datetime(2020, 2, 3, tzinfo=datetime.UTC)

    def made(*, columns=("stimulus", "input"), units=True, change=lambda k, row: row):
        file = pynwb.NWBFile("a culture", "c", epoch)
        for name in columns:
            file.add_trial_column(name, name)
        for k in range(ROWS):
            row = {"start_time": START[k], "stop_time": START[k] + LENGTH[k], "stimulus": S[k], "input": I[k]}
            row = change(k, row | {"session": k // 4, "step": k % 4})
            file.add_trial(**{k: row[k] for k in ("start_time", "stop_time", *columns)})
        for times in TIMES if units else ():
            file.add_unit(spike_times=times)
        path = tmp_path / "x.nwb"
        with pynwb.NWBHDF5IO(str(path), "w") as io:
            io.write(file)
        return path

    return made


@pytest.mark.parametrize("columns", [("stimulus", "input"), ("stimulus", "input", "session", "step")])
def test_spike_times_in_nwb_are_counted_per_trial(nwb, columns):
    rec = load_responses(nwb(columns=columns), steps=4)
    assert np.array_equal(rec["spikes"].values[0], by_hand())
    assert np.array_equal(rec["stimulus"].values[0], S.reshape(3, 4, 2))
    assert np.array_equal(rec["input"].values[0], I.reshape(3, 4, 4))
    assert rec.attrs["file"] == "x.nwb"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"columns": ("stimulus",)}, "must have the columns stimulus and input; there are ['start_time'"),
        ({"columns": ("stimulus", "input", "step")}, "both the columns session and step, or neither"),
        ({"units": False}, "neither a column spikes of trials nor units with spike_times"),
        (
            {"change": lambda k, row: row | {"input": row["input"] * 2}},
            "] = 2 (culture, session, step, input) must be 0 or 1",
        ),
        ({"change": lambda k, row: row | {"stop_time": row["stop_time"] - 9 * (k == 5)}}, "stop_time[5] = "),
        (
            {"columns": ("stimulus", "input", "session", "step"), "change": lambda k, row: row | {"step": 1}},
            "row 1 is a second one of culture 0, session 0, step 1",
        ),
        (
            {"columns": ("stimulus", "input", "session", "step"), "change": lambda k, row: row | {"step": 10**8 * k}},
            "number them from 0",
        ),
    ],
)
def test_nwb_files_that_are_no_recording_are_refused(nwb, options, message):
    path = nwb(**options)
    with pytest.raises(ParameterError, match=re.escape(message)) as caught:
        load_responses(path, steps=4)
    assert str(caught.value).startswith(str(path))


def hostile(path, what):
    h5py = pytest.importorskip("h5py", reason="extra recordings is not installed")
    with h5py.File(path, "a") as file:
        if what == "10 GB":
            file.create_dataset("more", shape=(10**10,), dtype="u1", chunks=(2**20,))
        elif what == "link":
            file["more"] = h5py.ExternalLink("/etc/passwd", "/")
        elif what == "outside":
            file.create_dataset("more", shape=(64,), dtype="u1", external=[("/etc/passwd", 0, 64)])
        elif what == "many":
            group = file.create_group("more")
            for k in range(30):
                group[str(k)] = h5py.SoftLink("/")


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("10 GB", "it claims 10,000,0"),
        ("link", "more is a link to another file"),
        ("outside", "more lies in another file"),
        ("many", "holds more than 25 objects"),
        ("cut", "is no NWB file, or is cut off"),
    ],
)
def test_hostile_nwb_files_are_refused_in_time(nwb, what, message, monkeypatch):
    path = nwb(units=False)
    if what == "many":
        monkeypatch.setattr("synfer.io.responses.nwb.OBJECTS", 25)
    hostile(path, what)
    if what == "cut":
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    began = time.process_time()
    with pytest.raises(ParameterError, match=re.escape(message)):
        load_responses(path, steps=4)
    assert time.process_time() - began < SECONDS


def block(change=lambda segment: None, *, annotated=True):
    neo = pytest.importorskip("neo", reason="extra recordings is not installed")
    pq = pytest.importorskip("quantities")
    made = neo.Block(name="mine", file_origin="/somewhere/x.dat")
    for k, rows in enumerate(np.split(np.arange(ROWS), SESSIONS)):
        segment = neo.Segment(**({"session": k, "culture": "a"} if annotated else {}))
        shown = {f"s{j}": S[rows, j] for j in range(2)} | {f"o{j}": I[rows, j] for j in range(4)}
        times, lengths = 1000 * START[rows] * pq.ms, 1000 * LENGTH[rows] * pq.ms
        segment.epochs.append(neo.Epoch(times, lengths, name="stimuli", array_annotations=shown))
        segment.spiketrains.extend([neo.SpikeTrain(t * pq.s, t_stop=20 * pq.s) for t in TIMES])
        change(segment)
        made.segments.append(segment)
    return made


@pytest.mark.parametrize("annotated", [True, False])
def test_spike_trains_of_neo_are_counted_per_epoch(annotated):
    rec = from_neo(block(annotated=annotated))
    assert np.array_equal(rec["spikes"].values[0], by_hand())
    assert np.array_equal(rec["input"].values[0], I.reshape(3, 4, 4))
    assert (rec["culture"].values[0], rec.attrs["condition"]) == ("a" if annotated else "c0", "mine")
    assert rec.attrs["file"] == "x.dat"


def test_segments_of_neo_without_session_are_cut_into_steps():
    rec = from_neo(block(annotated=False), steps=2)
    assert np.array_equal(rec["spikes"].values[0], by_hand().reshape(6, 2, 3))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda segment: segment.epochs.clear(), "segments[0] has 0 epochs"),
        (lambda segment: segment.spiketrains.clear(), "segments[0] has neither a signal 'spikes' nor spike trains"),
        (lambda segment: segment.epochs[0].array_annotations.pop("s0"), "lack array annotations s0, s1"),
        (lambda segment: segment.annotations.update(session=0), "is a second one of culture 0, session 0, step 0"),
        (
            lambda segment: segment.annotations.update(session=-1),
            "segments[0].session = -1 must be a whole number >= 0",
        ),
        (
            lambda segment: segment.epochs[0].array_annotate(step=["a", "b", "c", "d"]),
            "segments[0]: step = ['a', 'b', 'c', 'd'] must be whole numbers",
        ),
        (
            lambda segment: segment.annotations.update(session="one"),
            "segments[0].session = 'one' must be a whole number",
        ),
    ],
)
def test_blocks_that_are_no_recording_are_refused(change, message):
    with pytest.raises(ParameterError, match=re.escape(message)):
        from_neo(block(change))


def test_what_is_no_block_is_refused():
    pytest.importorskip("neo", reason="extra recordings is not installed")
    with pytest.raises(ParameterError, match=r"block = 3 must be a neo\.Block"):
        from_neo(3)


TABLE = "culture,session,step,s0,s1,o0,r0,r1\na,0,0,1,0,1,3,1\na,0,1,0,0,1,0,2\nb,0,0,1,1,0,4,\n"


def test_a_table_by_hand_is_read(tmp_path):
    (tmp_path / "x.csv").write_text(TABLE)
    rec = load_responses(tmp_path / "x.csv", condition="mine", base=2)
    assert rec["spikes"].values.tolist() == [[[[3, 1], [0, 2]]], [[[4, 0], [0, 0]]]]
    assert rec["valid"].values.tolist() == [[[True, True]], [[True, False]]]
    assert rec["n_units"].values.tolist() == [2, 1]
    assert (rec.attrs["condition"], rec.attrs["base"], rec.attrs["file"]) == ("mine", 2, "x.csv")


def test_a_table_of_stimuli_alone_is_cut_into_sessions(tmp_path):
    (tmp_path / "x.csv").write_text("r0,o0,s0\n" + "".join(f"{k + 1},{k % 2},{k // 3}\n" for k in range(6)))
    rec = load_responses(tmp_path / "x.csv", steps=3)
    assert rec["spikes"].values[0, :, :, 0].tolist() == [[1, 2, 3], [4, 5, 6]]
    assert rec["stimulus"].values[0, :, :, 0].tolist() == [[0, 0, 0], [1, 1, 1]]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (",3,1", ",-3,1", "line 2, column r0: -3 must be a whole number >= 0"),
        (",0,2", ",0.5,2", "line 3, column r0: 0.5 must be a whole number >= 0"),
        (",0,2", ",nan,2", "line 3, column r0: 'nan' must be a whole number"),
        (",0,2", ",inf,2", "line 3, column r0: inf must be a whole number"),
        (",0,2", ",,2", "line 3, column r0: a blank, where culture 'a' has counts"),
        (",4,", ",,4", "column r0 is blank for culture 'b', and columns after it are not"),
        ("0,0,1,0,2", "0,,1,0,2", "line 3, column s1: a blank must be a whole number"),
        ("a,0,1", "a,0,0", "row 1 is a second one of culture 0, session 0, step 0"),
        ("a,0,1", "a,0,x", "line 3, column step: 'x' must be a whole number"),
        ("a,0,1", ",0,1", "line 3, column culture: a blank must be a name"),
        ("a,0,1", "a,1,2", "valid is False throughout step [1]"),
        (",r0,r1", ",r0,r2", "columns r0, r1, ... must be there, each once; there are ['r0', 'r2']"),
        (",o0", ",p0", "columns o0, o1, ... must be there"),
        ("culture", "colture", "column 'colture' is unknown"),
        ("session,", "sesion,", "column 'sesion' is unknown"),
        ("\nb,", "\nb,b,b,b,", "line 4 has 11 values and the header names 8"),
        (TABLE, "culture,session,step,s0,o0,r0\n", "there is no row: the recording is empty"),
        ("culture,", '# {"base": -1}\nculture,', "base = -1 must be a number > 0"),
        ("culture,", "# not json\nculture,", "are no JSON"),
        ("culture,", '# {"a": {}}\nculture,', "must be a JSON object of texts and numbers"),
    ],
)
def test_tables_that_are_no_recording_are_refused(tmp_path, old, new, message):
    assert old in TABLE
    path = tmp_path / "x.csv"
    path.write_text(TABLE.replace(old, new, 1))
    with pytest.raises(ParameterError, match=re.escape(message)) as caught:
        load_responses(path)
    assert str(caught.value).startswith(str(path))


def test_other_datasets_of_xarray_are_read(tmp_path):
    counts = xr.DataArray(by_hand(), dims=("session", "step", "unit"))
    ds = xr.Dataset(
        {
            "spikes": counts.astype("f4"),
            "stimulus": (("session", "step", "source"), S.reshape(3, 4, 2).astype("i2")),
            "input": (("session", "step", "electrode"), I.reshape(3, 4, 4).astype("i2")),
        },
        attrs={"condition": "mine"},
    )
    ds.to_netcdf(tmp_path / "x.nc", engine="scipy")
    ds.to_zarr(tmp_path / "x.zarr", zarr_format=3, consolidated=False)
    for name in ("x.nc", "x.zarr"):
        rec = load_responses(tmp_path / name)
        assert np.array_equal(rec["spikes"].values[0], by_hand())
        assert (rec.attrs["condition"], rec.attrs["file"]) == ("mine", name)


def changed_meta(folder, name, **changes):
    path = folder / name / "zarr.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda f: changed_meta(f, "spikes", shape=[3, 4, 7, 10**9]), "made to exhaust the memory"),
        (
            lambda f: changed_meta(f, "spikes", codecs=[{"name": "numcodecs.pickle"}]),
            "spikes has the codec 'numcodecs.pickle'",
        ),
        (lambda f: changed_meta(f, "spikes", data_type="object"), "spikes has the data_type 'object'"),
        (lambda f: (f / "spikes" / "zarr.json").write_text("{"), "is damaged"),
        (lambda f: shutil.rmtree(f / "input"), "it lacks the variable 'input'"),
        (lambda f: (f / "zarr.json").unlink(), "it is no zarr v3 folder"),
        (lambda f: next(p for p in (f / "spikes").rglob("c/**/*") if p.is_file()).write_bytes(b"abc"), "is damaged"),
    ],
)
def test_hostile_zarr_folders_are_refused_in_time(tmp_path, uneven, damage, message):
    path = save_responses(uneven(9), tmp_path / "x.zarr")
    damage(path)
    began = time.process_time()
    with pytest.raises(ParameterError, match=re.escape(message)):
        load_responses(path)
    assert time.process_time() - began < SECONDS


def test_netcdf_files_that_are_cut_or_claim_too_much_are_refused(tmp_path, uneven):
    path = save_responses(uneven(9), tmp_path / "x.nc")
    whole = path.read_bytes()
    dim = b"step".ljust(4) + (7).to_bytes(4, "big")
    assert whole.count(dim) == 1
    for data in (
        whole[:40],
        whole[:-200],
        b"CDF\x05" + whole[4:],
        whole.replace(dim, dim[:4] + (2**30).to_bytes(4, "big")),
    ):
        path.write_bytes(data)
        began = time.process_time()
        with pytest.raises(ParameterError, match=re.escape(str(path))):
            load_responses(path)
        assert time.process_time() - began < SECONDS
    path.write_bytes(b"\x89HDF\r\n\x1a\n" + whole)
    with pytest.raises(ParameterError, match="is a NetCDF 4 file; to_netcdf"):
        load_responses(path)

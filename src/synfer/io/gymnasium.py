"""Tasks as Gymnasium environments, so that other learners can be tried on them (extra `gym`)."""

from typing import Any

import numpy as np

from synfer.core.checks import check_count
from synfer.core.errors import ParameterError, UsageError
from synfer.core.params import plain
from synfer.inference.tasks import Task, check_task

try:
    import gymnasium
    from gymnasium import spaces
    from gymnasium.envs.registration import EnvSpec
except ImportError:
    raise UsageError("TaskEnv needs gymnasium; install it with: pip install 'synfer[gym]'") from None

KEYS = 2**62
"""Keys of trials are drawn below this."""


class TaskEnv(gymnasium.Env[np.ndarray, np.int64]):
    """A task (`check_task`) as a Gymnasium environment.

    Observations are MultiBinary(No), actions Discrete(n_actions); the reward of a step is 1 - 2 G, with G its outcome:
    1 for progress, -1 for a setback. `terminated` where the task is done, `truncated` after T steps. `info` holds the
    state, the outcome G and the number of steps.

    A trial of `learn` with its T = 20000 has at most 19998 moves: it counts its t = 1, which has none, and the step
    after its last. `TaskEnv(task, T=19998)` gives others as many. The reward of the step that ends an episode is one
    that `learn` never learns from: it reads risk from the outcomes before a trial's last one.

    Args:
        task: A `Maze`, a `TMaze`, or any other.
        T: Steps at which an episode is cut off.

    Raises:
        ParameterError: not a task, or T < 1.
        UsageError: gymnasium is not installed.

    Example:
        >>> from synfer.inference.tasks import Maze
        >>> env = TaskEnv(Maze.generate(seed=0))
        >>> observation, info = env.reset(seed=1)
        >>> observation, reward, terminated, truncated, info = env.step(3)
        >>> reward, info["state"]
        (1.0, (9, 3))
    """

    metadata = {"render_modes": []}  # noqa: RUF012 - declared so by gymnasium.Env

    def __init__(self, task: Task, T: int = 20_000) -> None:
        check_task(task, ends=False)
        self.task, self.T = task, check_count("T", T)
        self.observation_space = spaces.MultiBinary(int(task.n_observations))
        self.action_space: Any = spaces.Discrete(int(task.n_actions))
        # What gymnasium makes copies by; nothing enters its registry.
        entry = f"{__name__}:{type(self).__qualname__}"
        self.spec = EnvSpec("synfer/Task-v0", entry_point=entry, kwargs={"task": task, "T": self.T})
        self._state: Any = None
        self._steps = 0

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[np.ndarray, dict]:
        """Begin a trial; `options={"key": k}` gives the key of its first state, which is drawn otherwise."""
        super().reset(seed=seed)
        unknown = set(options or {}) - {"key"}
        if unknown:
            raise ParameterError(
                f"options of reset are {sorted(unknown)}, and may be 'key' alone; leave the others out"
            )
        drawn = int(self.np_random.integers(KEYS))
        key = drawn if not options else check_count("key", options["key"], 0, 2**63 - 1)
        self._state, self._steps = self.task.init(key), 0
        return self._seen(), {"state": self._state, "steps": 0}

    def step(self, action: np.int64) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """Act; what gymnasium wants to know of it.

        Raises:
            ParameterError: before the first reset, or an action that the task does not have.
        """
        if self._state is None:
            raise ParameterError("step comes before the first reset; call reset(seed=...) to begin a trial")
        chosen = check_count("action", plain(action), 0, int(self.action_space.n) - 1)
        before, self._state = self._state, self.task.step(self._state, chosen)
        self._steps += 1
        outcome = float(self.task.outcome(before, self._state))
        terminated = bool(self.task.done(self._state))
        info = {"state": self._state, "outcome": outcome, "steps": self._steps}
        return self._seen(), 1 - 2 * outcome, terminated, self._steps >= self.T, info

    def _seen(self) -> np.ndarray:
        return np.asarray(self.task.observe(self._state), dtype=np.int8)

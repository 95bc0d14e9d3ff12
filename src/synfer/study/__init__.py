"""Studies: experiments that measure a claim, and what runs, keeps and reports them."""

# Published values beside the ones obtained, where the configuration names some.
#
# needs   the summary of the predictions, and workflow/published/NAME.csv
# makes   prediction/published.csv


if config["published"]:

    rule compare_published:
        """Print the published values beside the ones obtained."""
        input:
            summary="<results>/prediction/summary.csv",
            published=published_files()[config["published"]],
            code=library_used_by("compare_published"),
        output:
            table="<results>/prediction/published.csv",
        log:
            "<logs>/compare_published.log",
        benchmark:
            "<benchmarks>/compare_published.tsv"
        group:
            "prediction"
        conda:
            "../../envs/tables.yaml"
        threads: 1
        resources:
            mem_mb=megabytes(500),
            runtime=minutes(10),
        script:
            "../../scripts/compare_published.py"

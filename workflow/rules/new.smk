# New: a configuration to start from.
#
# needs   a folder of images and a file of judgments, named on the command line
# makes   {name}.yaml in the working directory

if START is not None:

    rule new:
        """Look at images and judgments and write the configuration that compares them."""
        input:
            **{key: START[key] or [] for key in ("images", "judgments", "table", "order", "only")},
        output:
            config=f"{START['name']}.yaml",
        log:
            "<logs>/new.log",
        benchmark:
            "<benchmarks>/new.tsv"
        conda:
            "../../envs/tables.yaml"
        threads: 4
        resources:
            mem_mb=growing(2000, judgments=15),
            runtime=growing(10, images=0.1),
        params:
            **{key: START[key] for key in ("name", "kind", "columns", "key")},
            schema=str(HERE / "workflow" / "config.schema.json"),
            recorded=False,
        script:
            "../../scripts/new.py"

else:

    rule new:
        """A configuration for images and judgments that the command line names."""
        input:
            tell_how_to_start,

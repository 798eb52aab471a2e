# New: a configuration to start from.
#
# needs   a folder of images and a file of judgments, named on the command line
# makes   {name}.yaml in the working directory

if START is not None:

    rule new:
        """Look at images and judgments and write the configuration that compares them."""
        input:
            images=START["images"],
            judgments=START["judgments"],
            table=START["table"] or [],
            order=START["order"] or [],
            only=START["only"] or [],
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
            name=START["name"],
            kind=START["kind"],
            columns=START["columns"],
            key=START["key"],
            schema=str(HERE / "workflow" / "config.schema.json"),
            recorded=False,
        script:
            "../../scripts/new.py"

else:

    rule new:
        """A configuration for images and judgments that the command line names."""
        input:
            tell_how_to_start,

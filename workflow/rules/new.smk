# New: a configuration to start from.
#
# needs   a folder of images and a file of judgments, named on the command line
# makes   {name}.yaml in the working directory


if START is None:

    rule new:
        """A configuration for images and judgments that the command line names."""
        input:
            tell_how_to_start,

else:

    rule new:
        """A configuration for images and judgments that the command line names."""
        input:
            f"{START['name']}.yaml",

    refuse_to_overwrite(f"{START['name']}.yaml")

    rule start_configuration:
        """Look at images and judgments and write the configuration that compares them."""
        input:
            images=START["images"],
            judgments=START["judgments"],
            table=optional(START["table"]),
            order=optional(START["order"]),
            only=optional(START["only"]),
            code=library_used_by("start_configuration"),
        output:
            config=f"{START['name']}.yaml",
        log:
            "<logs>/start_configuration.log",
        benchmark:
            "<benchmarks>/start_configuration.tsv"
        conda:
            "../../envs/checks.yaml"
        threads: 4
        resources:
            mem_mb=megabytes(2000, judgments=15),
            runtime=minutes(10, images=0.1),
        params:
            given=START,
        script:
            "../../scripts/start_configuration.py"

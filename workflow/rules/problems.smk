# What is planned as long as there are problems with the configuration or its files: the check, whatever is asked for.
#
# needs   nothing but the check
# makes   nothing: the check fails, and tells all problems


rule refuse:
    """Whatever else is asked for. It stays as it is."""
    input:
        rules.check.input,
    output:
        [update(target) for target in targets_without_rule()],


REPORTED_BEFORE = time_of_report()


# Where what is to be checked cannot be made, there is no check to tell the problems.
onerror:
    if time_of_report() == REPORTED_BEFORE:
        logger.error(list_of(PROBLEMS))

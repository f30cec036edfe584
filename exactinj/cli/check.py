"""``exactinj check``: the independent checker behind the command line."""

from __future__ import annotations

import argparse

from exactinj import checker
from exactinj.cli import exit_status
from exactinj.cli.arguments import LAYER_HELP, Verbs, add_layer_format, add_output_options
from exactinj.cli.output import print_error, show, show_json
from exactinj.errors import InputError
from exactinj.files.sources import STDIN, as_file

__all__ = ["add", "run"]

STDIN_FILE = "/dev/stdin"
LAYER_ENDINGS = (".npz", ".npy", ".json", ".csv")


def add(verbs: Verbs) -> None:
    """Describe the verb and its options."""
    verb = verbs.add_parser(
        "check",
        help="re-check a certificate with the independent checker",
        description="Re-check a certificate; with LAYER, that it proves its claim about that very layer.",
    )
    verb.add_argument("certificate", metavar="CERT", help="a .json or .json.gz certificate; - for stdin")
    verb.add_argument("layer", metavar="LAYER", nargs="?", help=f"{LAYER_HELP}; of conv: the KERNEL file")
    add_layer_format(verb)
    add_output_options(verb)


def run(options: argparse.Namespace) -> int:
    """Exit status 0 valid, 4 rejected, 3 unreadable."""
    try:
        outcome = _outcome(options)
    except checker.Unreadable as error:
        if options.json:
            show_json({"valid": False, "claim": None, "reason": f"unreadable: {error}"})
        file = options.certificate if error.source is checker.Source.CERTIFICATE else options.layer
        print_error(f"{file}: {error}")
        return exit_status.BAD_INPUT
    if options.json:
        show_json(outcome.to_json())
    elif not options.quiet:
        word = "VALID" if outcome.valid else "REJECTED"
        lines = [f"{word}: {outcome.claim or 'no claim'}; {outcome.reason}"]
        if outcome.valid and options.layer is None:
            lines.append("  (about the layer inside the certificate; name your layer file to check that it is yours)")
        if outcome.fault is checker.Reason.OTHER_CONVOLUTION:
            lines.append(
                "  (a kernel file has to hold stride, padding and so on itself, even if options gave them to conv)"
            )
        show("\n".join(lines))
    return exit_status.OK if outcome.valid else exit_status.REJECTED


def _outcome(options: argparse.Namespace) -> checker.CheckResult:
    """What the checker says; it takes files, so that a layer from elsewhere becomes one for a while."""
    if options.certificate == STDIN == options.layer:
        raise InputError("found - for the certificate and for the layer, expected one of them from a file")
    certificate = STDIN_FILE if options.certificate == STDIN else options.certificate
    if options.layer is None:
        return checker.check_file(certificate)
    with as_file(options.layer, LAYER_ENDINGS, options.layer_format) as layer:
        return checker.check_file(certificate, layer)

"""`write_report`: any answer as one HTML page."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from exactinj.biases.alpha import AlphaStar
from exactinj.biases.hull.bias import HullBias
from exactinj.errors import InputError
from exactinj.injectivity.result import Result
from exactinj.lipschitz.answer import Stability
from exactinj.lipschitz.on_data import DataStability
from exactinj.networks.answers import ScanResult
from exactinj.reporting.evidence import Kept, Setting, Subject, kept_file
from exactinj.reporting.page_files import write_page
from exactinj.reporting.place import require_page_name
from exactinj.sweep.results import CellResult

if TYPE_CHECKING:
    from exactinj.report.answer import AnswerContent
    from exactinj.sampling import AlphaEstimate

__all__ = ["write_report"]

TITLES = {Result: "a layer", AlphaStar: "the biases of a layer", HullBias: "the biases of a layer"}


def write_report(
    result: Any,
    path: str | os.PathLike[str],
    *,
    name: str | None = None,
    layer_file: str | os.PathLike[str] | None = None,
    certificate: str | os.PathLike[str] | None = None,
    estimate: AlphaEstimate | None = None,
    data: DataStability | None = None,
) -> None:
    """Write one self-contained HTML page about an answer, for somebody who was not there.

    Parameters
    ----------
    result
        What `certify`, `alpha_star`, `hull_bias`, `stability`, `stability_on_data` or `scan` returned, or the list of
        results of a sweep.
    path
        Where the page is written; ends in ``.html``.
    name : str, optional
        The page's title; the name of `layer_file` if that is given.
    layer_file : path, optional
        The layer's file, which the commands on the page name; of a sweep the results file.
    certificate : path, optional
        Where ``result.certificate`` was written: the page names it with its digest and says how to check it. Of a scan,
        the folder of its certificates.
    estimate : AlphaEstimate, optional
        What `sample_alpha` said about the same rows on the same domain, shown beside exact biases.
    data : DataStability, optional
        What `stability_on_data` said about the same layer, shown beside the enclosures of `stability`.

    Raises
    ------
    InputError
        For another ending, a place that cannot be written, a certificate that cannot be read, and objects that there
        is no report of.
    """
    require_page_name(path)
    if isinstance(result, ScanResult):
        from exactinj.reporting.scans import write_scan

        write_scan(result, path, certificate)
        return
    file = None if layer_file is None else os.fspath(layer_file)
    title = name or (Path(file).name if file is not None else TITLES.get(type(result), "a report"))
    setting = Setting(path, None if certificate is None else _kept(certificate))
    subject = Subject(title, file, option="certificate= of write_report")
    write_page(_content(result, subject, setting, estimate=estimate, data=data), path)


def _content(
    result: Any, subject: Subject, setting: Setting, *, estimate: AlphaEstimate | None, data: DataStability | None
) -> AnswerContent:
    """What a report shows of a result; raises `InputError` for objects that there is no report of."""
    if isinstance(result, Result):
        from exactinj.reporting.decisions import decision_content

        return decision_content(result, subject, setting)
    if isinstance(result, AlphaStar | HullBias):
        from exactinj.reporting.biases import bias_content

        return bias_content(result, subject, setting, estimate=estimate)
    if isinstance(result, Stability):
        from exactinj.reporting.stability import stability_content

        return stability_content(result, subject, setting, data=data)
    if isinstance(result, DataStability):
        from exactinj.reporting.stability import data_content

        return data_content(result, subject)
    if isinstance(result, list | tuple) and result and all(isinstance(each, CellResult) for each in result):
        from exactinj.reporting.sweeps import sweep_content

        return sweep_content(result, subject)
    raise InputError(
        f"found {type(result).__name__}, expected what certify, alpha_star, hull_bias, stability, stability_on_data or "
        "scan returned, or results of a sweep; there is no report of others"
    )


def _kept(certificate: str | os.PathLike[str]) -> Kept:
    try:
        return kept_file(certificate)
    except OSError as error:
        raise InputError(f"{certificate}: the certificate cannot be read: {error.strerror or error}") from None

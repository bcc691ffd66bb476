"""The environment variables of the baseline's process: an allow-list, since others move its energy without a sign."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# Where programs, libraries, modules and temporary files are; which GPU; language; how to reach the network.
_KEPT = frozenset(
    {
        *("PATH", "HOME", "USER", "LOGNAME", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "PYTHONPATH", "PYTHONHOME"),
        *(
            "DYLD_FALLBACK_LIBRARY_PATH",
            "PYTHONNOUSERSITE",
            "PYTHONUSERBASE",
            "VIRTUAL_ENV",
            "TMPDIR",
            "TMP",
            "TEMP",
            "TZ",
            "LANG",
            "LANGUAGE",
        ),
        *("CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER"),
        *("HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "ALL_PROXY", "NO_PROXY"),
        # Without these no process starts on Windows.
        *("SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "PATHEXT", "USERPROFILE", "APPDATA", "LOCALAPPDATA"),
    }
)
_KEPT_BEGINNINGS = ("LC_",)
# Written so by other programs, unlike the others of this list.
_KEPT_IN_SMALL_LETTERS = frozenset({"http_proxy", "https_proxy", "ftp_proxy", "all_proxy", "no_proxy"})
# Beginnings of names that torch, its libraries, the allocator or the loader read, and that change what work costs.
_MOVING = (
    *("ATEN_", "CUBLAS", "CUDA", "CUDNN", "DNNL_", "GLIBC_", "GOMP_", "KMP_", "LD_", "MALLOC_", "MKL_", "NCCL_"),
    *("NVIDIA_TF32", "OMP_", "ONEDNN_", "OPENBLAS_", "PYTORCH_", "TORCH", "TRITON_"),
)
# Modules of clusters set many that say only where something is, or its version.
_PLACES = ("_HOME", "_PATH", "_ROOT", "_DIR", "_VERSION")


@dataclass(frozen=True)
class ChildEnvironment:
    """The variables of a process, and where each comes from.

    Attributes
    ----------
    variables
        Names and values, as the process gets them.
    kept, passed, dropped
        Names that were taken from the caller's environment, that were asked for, and that were left out.
    chosen
        What the execution path sets, whatever the caller's environment says.
    """

    variables: Mapping[str, str]
    kept: tuple[str, ...]
    passed: tuple[str, ...]
    dropped: tuple[str, ...]
    chosen: Mapping[str, str]

    @property
    def moving(self) -> tuple[str, ...]:
        """The names left out that can change what work costs."""
        return tuple(name for name in self.dropped if name.startswith(_MOVING) and not name.endswith(_PLACES))

    def record(self) -> dict[str, Any]:
        """What a record says: no value of the caller's, which may identify people."""
        names = {"kept": list(self.kept), "dropped": list(self.dropped), "passed": list(self.passed)}
        return {**names, "set": dict(self.chosen)}


def child_environment(
    chosen: Mapping[str, str], passed: Sequence[str] = (), environment: Mapping[str, str] | None = None
) -> ChildEnvironment:
    """Build the environment of the baseline's process.

    Parameters
    ----------
    chosen
        Variables of the execution path; they overrule all others.
    passed
        Names that are let through besides those of the allow-list.
    environment
        The caller's; this process's if None.
    """
    environment = os.environ if environment is None else environment
    names = sorted(name for name in environment if name not in chosen)
    asked = tuple(name for name in names if name in passed)
    kept = tuple(name for name in names if name not in asked and is_kept(name))
    return ChildEnvironment(
        variables={**{name: environment[name] for name in (*kept, *asked)}, **chosen},
        kept=kept,
        passed=asked,
        dropped=tuple(name for name in names if name not in kept and name not in asked),
        chosen=dict(chosen),
    )


def is_kept(name: str) -> bool:
    """Whether a variable is on the allow-list."""
    return name in _KEPT or name.startswith(_KEPT_BEGINNINGS) or name in _KEPT_IN_SMALL_LETTERS

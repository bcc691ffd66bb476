from __future__ import annotations

import dataclasses
import subprocess
import sys
from pathlib import Path

import pytest
from dcase_baseline.recipe import load_recipe, recipe_names

from dcase_energy.errors import RecipeError

RECIPES = Path(sys.modules["dcase_baseline.recipe"].__file__).parent / "recipes"
GOLDEN = Path(__file__).parent / "data" / "recipe_hashes.txt"


def write(folder: Path, *changes: tuple[str, str]) -> Path:
    text = (RECIPES / "smoke.toml").read_text(encoding="utf-8")
    for old, new in changes:
        assert text.count(old) == 1, f"{old!r} must stand once in smoke.toml"
        text = text.replace(old, new)
    path = folder / "changed.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("name", ["dcase2022", "dcase2023"])
def test_the_published_recipes_have_the_published_numbers(name):
    recipe = load_recipe(name)
    assert (recipe.epochs, recipe.steps_per_epoch, recipe.training_clips) == (200, 118, 5664)
    assert (recipe.validation_clips, recipe.data.test_clips) == (2658, 1168)
    assert recipe.warmup_steps == 5900
    assert (recipe.features.n_samples, recipe.features.n_frames) == (160_000, 626)
    assert (recipe.output_frames, recipe.output_hop, recipe.output_frame_s) == (156, 1024, 0.064)


def test_2022_and_2023_differ_in_the_filter_the_metrics_and_what_was_reported():
    old, new = (dataclasses.asdict(load_recipe(name)) for name in ("dcase2022", "dcase2023"))
    differing = {key for key in new if old[key] != new[key]}
    assert differing == {"name", "title", "year", "evaluation", "published"}
    assert {key for key in new["evaluation"] if old["evaluation"][key] != new["evaluation"][key]} == {
        "median_filter_on",
        "metrics_per_epoch",
    }
    assert (old["evaluation"]["median_filter_on"], new["evaluation"]["median_filter_on"]) == ("binarised", "scores")
    assert (old["published"]["training_energy_kwh"], old["published"]["test_energy_kwh"]) == (1.717, 0.030)
    assert (new["published"]["training_energy_kwh"], new["published"]["test_energy_kwh"]) == (1.390, 0.019)


@pytest.mark.parametrize(("size", "steps"), [(4, 1420), (8, 710), (16, 355), (32, 177), (48, 118)])
def test_another_batch_size_keeps_the_clips_of_an_epoch(size, steps):
    recipe = load_recipe("dcase2023").with_batch_size(size)
    assert recipe.steps_per_epoch == steps
    assert (recipe.batch.strong, recipe.batch.weak, recipe.batch.unlabelled) == (size // 4, size // 4, size // 2)
    assert recipe.batch.total == size


def test_the_recipes_own_batch_size_changes_nothing():
    recipe = load_recipe("dcase2023")
    assert recipe.with_batch_size(48) == recipe
    assert recipe.with_batch_size(32).sha256() != recipe.sha256()


@pytest.mark.parametrize("size", [-4, 0, 3, 6, 4 * 1421])
def test_a_batch_that_cannot_be_split_or_filled_is_refused(size):
    with pytest.raises(ValueError, match="batch size"):
        load_recipe("dcase2023").with_batch_size(size)


def test_hashes_are_those_of_the_reviewed_file():
    lines = [f"{name} {load_recipe(name).sha256()}" for name in recipe_names()]
    assert lines == GOLDEN.read_text().splitlines()


def leaves(config: object, path: tuple[str, ...] = ()):
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        if dataclasses.is_dataclass(value):
            yield from leaves(value, (*path, field.name))
        else:
            yield (*path, field.name), value


def with_value(config: object, path: tuple[str, ...], value: object) -> object:
    if len(path) > 1:
        value = with_value(getattr(config, path[0]), path[1:], value)
    return dataclasses.replace(config, **{path[0]: value})


def test_every_value_is_in_the_hash():
    recipe = load_recipe("dcase2023")
    seen = {recipe.sha256()}
    for path, value in leaves(recipe):
        other = f"{value}x" if isinstance(value, str) else value + 1 if isinstance(value, int | float) else value[:-1]
        seen.add(with_value(recipe, path, other).sha256())
    assert len(seen) == 1 + len(list(leaves(recipe)))


def test_an_integer_is_a_float_where_one_is_asked_for(tmp_path):
    path = write(tmp_path, ("f_max_hz = 8000.0", "f_max_hz = 8000"))
    recipe = load_recipe(path)
    assert type(recipe.features.f_max_hz) is float
    assert recipe.sha256() == load_recipe("smoke").sha256()


BROKEN = [
    # (old, new, what the message says after the file's name)
    ("year = 2023", "yaer = 2023", "year: missing; yaer: not a known key (did you mean 'year'?)"),
    ("n_mels = 64", "n_mel = 64", "features.n_mel: not a known key (did you mean 'n_mels'?)"),
    ('"Smoke test', '2023-01-01 # "', "title: Input should be a valid string, found ['2023-01-01']"),
    ("year = 2023", "year = 2023\nsponsor = 3", "sponsor: not a known key"),
    ("year = 2023", "", "year: missing"),
    ("year = 2023", 'year = "2023"', "year: Input should be a valid integer, found '2023'"),
    ("year = 2023", "year = true", "year: Input should be a valid integer, found True"),
    ("year = 2023", "year = 2023.0", "year: Input should be a valid integer, found 2023.0"),
    ("n_mels = 64", "", "features.n_mels: missing"),
    ("n_mels = 64", "n_mels = 64\nnmels = 64", "features.nmels: not a known key"),
    ("n_mels = 64", "n_mels = 0", "features.n_mels: Input should be greater than or equal to 1, found 0"),
    ("n_mels = 64", "n_mels = 32", "model.pooling: expected 32 over all mel poolings, found 64"),
    ("learning_rate = 6e-3", "learning_rate = nan", "optimisation.learning_rate: Input should be a finite number"),
    ("learning_rate = 6e-3", "learning_rate = inf", "optimisation.learning_rate: Input should be a finite number"),
    ("learning_rate = 6e-3", "learning_rate = true", "optimisation.learning_rate: Input should be a valid number"),
    ("[0.9, 0.999]", "[0.9]", "optimisation.adam_betas.1: missing"),
    ("[0.9, 0.999]", '[0.9, "x"]', "optimisation.adam_betas.1: Input should be a valid number, found 'x'"),
    ("[16, 32, 64]", "[16, 32]", "model.pooling: expected 2 pairs, found 3"),
    ("[16, 32, 64]", "[]", "model.channels: Tuple should have at least 1 item"),
    ("[16, 32, 64]", "16", "model.channels: Input should be a valid"),
    ("[[1, 4], [1, 4], [1, 4]]", "[[1, 4], [1, 4], [1, 0]]", "model.pooling.2.1: Input should be greater than or"),
    ('"easy"', '"medium"', "data.soundscape_profile: Input should be 'easy' or 'hard', found 'medium'"),
    ("dropout = 0.5", "dropout = 1.0", "model.dropout: Input should be less than 1, found 1.0"),
    (
        "median_filter_frames = 7",
        "median_filter_frames = 4",
        "evaluation.median_filter_frames: expected an odd number, found 4",
    ),
    ("mixup_probability = 0.5", "mixup_probability = 1.5", "optimisation.mixup_probability: Input should be less"),
    ("weak = 8", "weak = 241", "batch: expected no more than each subset fills once, found BatchConfig(strong=8, weak"),
    ("[batch]", "batch = 3\n[other]", "other: not a known key"),
    ("[batch]", "[batch", "not TOML: "),
    ("[batch]", "deep = " + "[" * 5000, "not TOML: "),
    ("year = 2023", "year = 2023-01-01", "year: Input should be a valid integer, found ['2023-01-01']"),
]


@pytest.mark.parametrize(("old", "new", "says"), BROKEN, ids=[row[1][:24] for row in BROKEN])
def test_a_broken_recipe_says_where_and_what(tmp_path, old, new, says):
    path = write(tmp_path, (old, new))
    with pytest.raises(RecipeError) as caught:
        load_recipe(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert says in str(caught.value)


def test_a_table_may_not_be_a_value(tmp_path):
    path = tmp_path / "flat.toml"
    path.write_text('name = "x"\ntitle = "x"\nyear = 1\nfeatures = 3\n')
    with pytest.raises(RecipeError, match="features: Input should be"):
        load_recipe(path)


@pytest.mark.parametrize("name", ["dcase2021", "absent/recipe.toml", "absent.toml"])
def test_what_is_not_there_is_refused(name):
    with pytest.raises(RecipeError):
        load_recipe(name)


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(RecipeError, match="dcase2022, dcase2023, smoke"):
        load_recipe("dcase2021")


def test_recipes_and_soundscapes_do_not_load_torch():
    modules = "recipe soundscapes event_sounds data runtime"
    code = f"import sys, dcase_baseline\nfor name in {modules.split()}: __import__('dcase_baseline.' + name)\n"
    result = subprocess.run(
        [sys.executable, "-c", code + "print('torch' in sys.modules)"], capture_output=True, text=True, check=True
    )
    assert result.stdout.split() == ["False"]

import pytest

from webui.cli.parser import read_arguments


@pytest.mark.parametrize("kind", ["lora", "loras", "LoRAs"])
def test_a_kind_may_be_called_as_its_folder(kind):
    words = ["models", "download", "a/b", "--to", kind, "--data-dir", "here"]
    options = read_arguments(words)
    assert (options.source, options.to, str(options.data_dir)) == ("a/b", "lora", "here")


def test_what_is_no_kind_is_told(capsys):
    with pytest.raises(SystemExit):
        read_arguments(["models", "download", "a/b", "--to", "horses"])
    assert "horses is no kind of model" in capsys.readouterr().err

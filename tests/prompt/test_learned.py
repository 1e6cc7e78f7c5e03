import pytest

from webui.prompt.learned import embeddings_in, with_bare_names


@pytest.mark.parametrize(
    ("prompt", "names", "bare"),
    [
        ("a cat", [], "a cat"),
        ("embedding:easynegative, blue", ["easynegative"], "easynegative, blue"),
        ("(Embedding: bad-hands_5:1.2)", ["bad-hands_5"], "(bad-hands_5:1.2)"),
        ("embedding:sub/dir\\one.pt and embedding:two.", ["sub/dir/one", "two"], "one and two."),
        ("embedding:21turner.safetensors", ["21turner"], "21turner"),
        ("[embedding:a:embedding:b:0.5]", ["a", "b"], "[a:b:0.5]"),
        ("(embedding:1.2) an embedding: 5", [], "(embedding:1.2) an embedding: 5"),
        ("<embedding:x> myembedding:x", [], "<embedding:x> myembedding:x"),
        ("embedding:", [], "embedding:"),
        ("embedding:" + "1" * 20_000, [], "embedding:" + "1" * 20_000),
    ],
)
def test_comfyuis_writing_means_the_bare_name(prompt, names, bare):
    assert embeddings_in(prompt) == names
    assert with_bare_names(prompt) == bare

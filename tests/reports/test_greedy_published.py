from pathlib import Path

from tests.reports.made_greedy import made_materials

from topdraw.reports.study_greedy import greedy_page


def test_a_model_of_the_paper_stands_beside_it(tmp_path: Path) -> None:
    page = greedy_page(made_materials(tmp_path, model="Meta-Llama-3-8B-Instruct"))
    (panel,) = (one for one in page.panels if one.key == "beside")
    assert "published numbers that can be compared lie inside" in panel.claim
    assert any("58.6" in note for note in panel.notes)
    assert panel.table is not None
    assert {row[-1] for row in panel.table.rows} == {"main table, temperature 1"}
    published = page.panels[-1].table
    assert published is not None
    assert published.rows[0][-2] == "gsm8k, Meta-Llama-3-8B-Instruct"

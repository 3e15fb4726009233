from topdraw.reports.study_files import StudyPage


def test_a_reward_that_misleads_is_called_so(two_models: StudyPage) -> None:
    (panel,) = (one for one in two_models.panels if one.key == "best-of-n-2")
    assert any("over-optimisation" in note for note in panel.notes)

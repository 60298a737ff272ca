import torch

from recorte.model.batch import as_floats


def test_bytes_become_floats_and_all_else_stays() -> None:
    batch = {
        "image": torch.tensor([0, 51, 255, 102, 0, 0], dtype=torch.uint8).view(1, 1, 2, 3),
        "alpha": torch.tensor([0, 255], dtype=torch.uint8).view(1, 1, 1, 2),
        "weight": torch.tensor([0, 1], dtype=torch.uint8).view(1, 1, 1, 2),
        "source": torch.tensor([3]),
        "broken": [""],
    }
    made = as_floats(batch)
    assert made["image"].tolist() == torch.tensor([[[[0, 0.4]], [[0.2, 0]], [[1, 0]]]]).tolist()
    assert made["alpha"].tolist() == made["weight"].tolist() == [[[[0.0, 1.0]]]]
    assert all(made[name].dtype == torch.float32 for name in ("image", "alpha", "weight"))
    assert (made["source"], made["broken"]) == (batch["source"], batch["broken"])
    assert batch["image"].dtype == torch.uint8
    again = as_floats(made)
    assert all(torch.equal(again[name], made[name]) for name in ("image", "alpha", "weight"))

import importlib.util

import pytest
import skimage
import timm
import torch
from torch.nn import functional

from recorte.model.encoder_weights import load_encoder_weights
from recorte.model.lite_weights import PACKAGES, lite_weights


@pytest.mark.parametrize("name", PACKAGES)
@pytest.mark.parametrize(("picture", "number"), [("chelsea", 285), ("coffee", 967)])  # Egyptian cat, espresso
def test_the_network_with_these_weights_knows_what_it_sees(name: str, picture: str, number: int) -> None:
    model = timm.create_model(name).eval()
    model.load_state_dict(lite_weights(name), strict=True)
    photo = torch.from_numpy(getattr(skimage.data, picture)()).permute(2, 0, 1)[None].float() / 255
    photo = functional.interpolate(photo, (224, 224), mode="bilinear", antialias=True)
    with torch.inference_mode():
        chances = model((photo - 0.5) / 0.5).softmax(dim=1)[0]
    assert chances.argmax() == number
    assert chances[number] > 0.5


@pytest.mark.parametrize("name", PACKAGES)
def test_an_encoder_takes_them_without_a_hub(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timm.models, "load_pretrained", lambda *_, **__: pytest.fail("the hub was asked"))
    encoder = timm.create_model(name, features_only=True)
    load_encoder_weights(encoder, name, "imagenet")
    torch.testing.assert_close(encoder.conv_stem.weight.data, lite_weights(name)["conv_stem.weight"])


def test_without_the_package_there_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert lite_weights("tf_efficientnet_lite0") is None


def test_of_other_encoders_there_are_none() -> None:
    assert lite_weights("resnet34.a1_in1k") is None

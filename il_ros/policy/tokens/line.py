"""Logits of classes that lie on a line, and the class that chance picks."""

import torch
from torch import Tensor, nn

LEAST = 0.1  # as likely as the likeliest class: what low_noise draws, see pick()
SHARPEST = 6.0  # log 1 / deviation of a bell: narrower than any class, and far from overflow


class Line(nn.Module):
    """
    What is known of D numbers -> logits of their K classes: a bell, and whatever it cannot say.

    logit_k = -(place_k - middle)^2 / (2 deviation^2) + log width_k + rest_k . hidden, up to what
    is the same for all k, where middle and deviation follow from hidden, too: so it need not be
    learned class by class that one lies beside the other, and any distribution can be.
    """

    def __init__(self, dimensions: int, width: int, classes: int):
        super().__init__()
        self.bell = nn.Linear(width, 2)  # where its middle is, and log 1 / deviation
        self.rest = nn.Parameter(torch.zeros(dimensions, width, classes))

    def forward(
        self, hidden: Tensor, about: Tensor, places: Tensor, widths: Tensor, which: slice
    ) -> Tensor:
        """
        Return logits (d, n, K) of the dimensions `which`, d of the D.

        hidden: (d, n, W). about: (d, n), what the middle starts from. places, widths: (d, K).
        """
        with torch.autocast(hidden.device.type, enabled=False):  # classes are closer than bf16
            hidden = hidden.float()
            middle, log_sharpness = self.bell(hidden).unbind(-1)  # (d, n) each
            sharp = log_sharpness.clamp(max=SHARPEST).exp().square()
            bell = torch.stack([(about + middle) * sharp, sharp, torch.ones_like(sharp)], dim=-1)
            line = torch.stack([places, -0.5 * places.square(), widths.log()], dim=1)  # (d, 3, K)
            return torch.cat([hidden, bell], -1) @ torch.cat([self.rest[which], line], 1)


def pick(logits: Tensor, chances: Tensor, least: float) -> Tensor:
    """
    Return a class (B,) of softmax(logits (B, K)) for chances (B,), even in [0, 1).

    least: classes are left out that are less than this as likely as the likeliest one. Of many
    classes the unlikely ones are drawn now and then, and with hundreds of draws in every chunk.
    Source: min-p sampling, Nguyen et al. 2024, arXiv:2407.01082.
    """
    shares = logits.softmax(-1)
    shares = shares * (shares >= least * shares.amax(-1, keepdim=True))
    below = shares.cumsum(-1)
    return (chances[..., None] * below[..., -1:] >= below[..., :-1]).sum(-1)

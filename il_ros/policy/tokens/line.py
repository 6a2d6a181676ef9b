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
    learned class by class that one lies beside the other, and any distribution can be. A class
    that stands for several numbers in a row, up to R, has a bell for each.
    """

    def __init__(self, dimensions: int, width: int, classes: int, row: int = 1):
        super().__init__()
        self.bell = nn.Linear(width, row + 1)  # where middles are, and log 1 / deviation
        self.rest = nn.Parameter(torch.zeros(dimensions, width, classes))

    def forward(
        self,
        hidden: Tensor,
        about: Tensor,
        places: Tensor,
        widths: Tensor,
        which: slice,
        more: Tensor | None = None,
    ) -> Tensor:
        """
        Return logits (d, n, K) of the dimensions `which`, d of the D.

        hidden: (d, n, W). about: (d, n, R), what middles start from. places: (d, K, R).
        widths: (d, K). more: (K, R - 1), whether a class has a second number, a third...
        """
        with torch.autocast(hidden.device.type, enabled=False):  # classes are closer than bf16
            hidden = hidden.float()
            said = self.bell(hidden)  # (d, n, R + 1)
            sharp = said[..., -1:].clamp(max=SHARPEST).exp().square()
            middle = about + said[..., :-1]
            bell = [middle * sharp, sharp, torch.ones_like(sharp)]
            has = nn.functional.pad(more, (1, 0), value=1.0) if more is not None else 1.0
            inside = places * has  # (d, K, R)
            line = [inside, -0.5 * inside.square().sum(-1, keepdim=True), widths.log()[..., None]]
            if more is not None:  # the first number's middle costs all classes the same
                bell.append(-0.5 * middle[..., 1:].square() * sharp)
                line.append(more.expand(len(places), -1, -1))
            told = torch.cat([self.rest[which], torch.cat(line, -1).transpose(1, 2)], 1)
            return torch.cat([hidden, *bell], -1) @ told


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


def around(logits: Tensor, drawn: Tensor, places: Tensor, least: float) -> Tensor:
    """
    Return the mean place (B,) of classes that are likely and side by side with the drawn (B,).

    least: how likely at least, of the likeliest. So chance decides between modes, and what is
    drawn hundreds of times does not tremble within one. logits (B, K), places (K,) rising.
    """
    shares = logits.softmax(-1)
    is_likely = shares >= least * shares.amax(-1, keepdim=True)
    run = (~is_likely).cumsum(-1)  # the same for neighbours, until an unlikely class is between
    shares = shares * (is_likely & (run == run.gather(-1, drawn[..., None])))
    return (shares * places).sum(-1) / shares.sum(-1)

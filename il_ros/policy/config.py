"""TrainConfig: everything that a training run depends on; stored whole in the checkpoint."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from il_ros.checkpoint import CONFIG, CheckpointError, read_parts
from il_ros.config import from_mapping, load_config
from il_ros.policy.registry import DENOISERS, ENCODERS, HEADS, TOKENS
from il_ros.registry import nearest

LEARN_FROM = ('demonstrations', 'commands', 'dagger')
PREDICT = ('x0', 'epsilon', 'v')
SAMPLERS = ('ddim', 'ddpm')
SOLVERS = ('euler', 'midpoint')
TIMES = ('uniform', 'beta')
LATENT_AT = ('sampled', 'zero')
BINS_BY = ('range', 'quantile')
PRECISION = ('fp32', 'bf16', 'auto')
DEVICE = ('auto', 'cpu', 'cuda')
SCHEDULES = ('cosine', 'constant')
LEAST = {
    **dict.fromkeys(('H', 'T', 'E', 'batch', 'steps', 'width', 'context'), 1),
    **{
        'sample_steps': 1,
        'components': 1,
        'bins': 2,
        'latent': 1,
        'ticks_learned': 0,
        'input_noise': 0,
        'told_every': 1,
    },
}


@dataclass(frozen=True)
class TrainConfig:
    """One flat table; a file in config/train/ holds only what differs, with a reason a line."""

    head: str = 'diffusion'
    encoder: str = 'latest'
    inputs: tuple[str, ...] = ('position', 'velocity', 'objects', 'grasp')  # see FEATURES
    cameras: tuple[str, ...] = ()  # names of the robot's cameras, none for state alone
    input_noise: float = 0.0  # in training, on what the state is; in deviations of each input
    image_size: int = 96  # [px] side of the square that every image is resized to
    H: int = 1  # observation history [ticks]
    T: int = 24  # chunk length [ticks], 0.48 s at 50 Hz
    relative: bool = False  # targets are told from the joints as measured, not from zero
    E: int = 16  # execution horizon [ticks]; a plan kept to longer wavers less between ways
    context: int = 256  # C, width of what an encoder tells a head
    width: int = 384  # of hidden layers; at least T * A, or the noise of a chunk cannot pass
    depth: int = 3  # residual blocks
    denoiser: str = 'mlp'
    diffusion_steps: int = 100  # K, levels of noise in training
    sample_steps: int = 8  # from noise to chunk
    predict: str = 'x0'  # what the denoiser predicts: x0, epsilon (diffusion alone) or v
    sampler: str = 'ddim'  # of diffusion, or ddpm, which draws new noise at every step
    solver: str = 'euler'  # of flow, or midpoint, which calls the denoiser twice a step
    times: str = 'uniform'  # that flow and shortcut learn at, or beta: mostly near the noise
    deviation: float = 0.1  # of l1's Laplace density and l2's Gaussian, in normalised units
    components: int = 5  # K of mog: ways of doing it that a context may leave open
    bins: int = 64  # of categorical and autoregressive, over the range of each dimension
    bins_by: str = 'range'  # of autoregressive: of one width, or by quantile, of one frequency
    ticks_learned: int = 0  # of the T in each chunk, at random, for speed (bins); 0 is all
    told_every: int = 1  # of autoregressive: each chunk is planned, one in so many told by tokens
    latent: int = 16  # of cvae: numbers in z
    latent_at: str = 'sampled'  # of cvae, when acting: z drawn from N(0, 1), or zero
    kl_weight: float = 1.0  # of cvae; 1 is the bound itself, more makes z say less
    tokens: str = 'bins'  # of autoregressive: a bin a number, or dct, which compresses arm by arm
    fineness: float = 10.0  # of dct: whole numbers to a deviation of a frequency
    low_noise: bool = False  # heads with noise of their own keep to the likely part of it
    batch: int = 256
    lr: float = 1e-3
    lr_schedule: str = 'cosine'  # to zero at the end, or constant
    warmup: int = 200  # steps of linear rise of the learning rate
    weight_decay: float = 1e-4
    clip: float = 1.0  # largest norm of the gradient
    ema: float = 0.999  # decay a step of the averaged weights that the checkpoint holds
    steps: int = 15000
    seconds: float = 0.0  # wall-clock limit; 0 is none. A run that it ends is not repeatable
    log_every: int = 100  # steps
    save_every: int = 2000  # steps between states to resume from, and validations
    seed: int = 0
    val_fraction: float = 0.1  # of the episodes, held out
    learn_from: str = 'demonstrations'  # or commands, dagger: see dataset/windows.py
    start_from: str = ''  # checkpoint whose weights and statistics to begin with; '' begins anew
    correction_weight: float = 1.0  # weight in the loss of a window from a correction
    threads: int = 0  # of torch; 0 takes what measured well, see trainer/pace.py
    device: str = 'auto'  # auto, cpu or cuda
    precision: str = 'auto'  # fp32, bf16 or auto

    def __post_init__(self) -> None:
        """Raise ValueError for a value that cannot work, naming it and what is allowed."""
        _known('head', self.head, HEADS)
        _known('encoder', self.encoder, ENCODERS)
        _known('denoiser', self.denoiser, DENOISERS)
        _known('predict', self.predict, PREDICT)
        _known('sampler', self.sampler, SAMPLERS)
        _known('solver', self.solver, SOLVERS)
        _known('times', self.times, TIMES)
        _known('bins_by', self.bins_by, BINS_BY)
        _known('latent_at', self.latent_at, LATENT_AT)
        _known('tokens', self.tokens, TOKENS)
        _known('learn_from', self.learn_from, LEARN_FROM)
        _known('precision', self.precision, PRECISION)
        _known('device', self.device, DEVICE)
        _known('lr_schedule', self.lr_schedule, SCHEDULES)
        for name, least in LEAST.items():
            if getattr(self, name) < least:
                raise ValueError(f'{name} = {getattr(self, name)}: must be at least {least}')
        if self.E > self.T:
            raise ValueError(f'E = {self.E} is beyond the chunk, T = {self.T}')
        if self.ticks_learned == 1 or self.ticks_learned > self.T:
            raise ValueError(f'ticks_learned = {self.ticks_learned}: 0, or 2 to T = {self.T}')
        if self.head == 'diffusion' and self.sample_steps > self.diffusion_steps:
            raise ValueError(
                f'sample_steps = {self.sample_steps} is more than '
                f'diffusion_steps = {self.diffusion_steps}'
            )
        if self.relative and 'position' not in self.inputs:
            raise ValueError("relative: targets are told from 'position', which is not in inputs")
        if not self.inputs:
            raise ValueError("inputs is empty: a policy needs at least 'position'")


def load(path: str | Path) -> TrainConfig:
    """Read a YAML file of differences; ValueError names the file and the key."""
    return load_config(TrainConfig, path)


def read_config(folder: str | Path) -> TrainConfig:
    """Return the configuration of a checkpoint folder; CheckpointError when it is none."""
    return of_checkpoint(read_parts(folder)['policy'], Path(folder))


def of_checkpoint(given: dict[str, Any], folder: Path) -> TrainConfig:
    """Return the configuration that a checkpoint's config.yaml holds as a mapping."""
    try:
        return from_mapping(TrainConfig, given, f'{folder}/{CONFIG}')
    except ValueError as error:
        raise CheckpointError(f'{error}; was it written by another version of il_ros?') from error


def _known(key: str, value: str, choices: object) -> None:
    names = list(choices)  # type: ignore[call-overload]
    if value not in names:
        hint = nearest(value, names)
        raise ValueError(f'{key} = {value!r}{hint}; known: {", ".join(names)}')

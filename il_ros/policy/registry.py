"""What a policy can be made of: one file and one line each; see il_ros.registry."""

HEADS = {
    'diffusion': 'il_ros.policy.heads.diffusion:DiffusionHead',
    'l2': 'il_ros.policy.heads.regression:L2Head',
}

ENCODERS = {
    'latest': 'il_ros.policy.encoders.latest:LatestEncoder',
    'stacked': 'il_ros.policy.encoders.stacked:StackedEncoder',
}

DENOISERS = {
    'mlp': 'il_ros.policy.denoisers.mlp:MlpDenoiser',
    'unet': 'il_ros.policy.denoisers.unet:UnetDenoiser',
}

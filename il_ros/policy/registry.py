"""What a policy can be made of: one file and one line each; see il_ros.registry."""

HEADS = {
    'autoregressive': 'il_ros.policy.heads.autoregressive:AutoregressiveHead',
    'categorical': 'il_ros.policy.heads.categorical:CategoricalHead',
    'cvae': 'il_ros.policy.heads.cvae:CvaeHead',
    'diffusion': 'il_ros.policy.heads.diffusion:DiffusionHead',
    'flow': 'il_ros.policy.heads.flow:FlowHead',
    'gaussian': 'il_ros.policy.heads.gaussian:GaussianHead',
    'l1': 'il_ros.policy.heads.regression:L1Head',
    'l2': 'il_ros.policy.heads.regression:L2Head',
    'mog': 'il_ros.policy.heads.mog:MogHead',
    'shortcut': 'il_ros.policy.heads.shortcut:ShortcutHead',
}

ENCODERS = {
    'latest': 'il_ros.policy.encoders.latest:LatestEncoder',
    'lstm': 'il_ros.policy.encoders.lstm:LstmEncoder',
    'stacked': 'il_ros.policy.encoders.stacked:StackedEncoder',
    'tconv': 'il_ros.policy.encoders.tconv:TconvEncoder',
    'transformer': 'il_ros.policy.encoders.transformer:TransformerEncoder',
}

DENOISERS = {
    'mlp': 'il_ros.policy.denoisers.mlp:MlpDenoiser',
    'transformer': 'il_ros.policy.denoisers.transformer:TransformerDenoiser',
    'unet': 'il_ros.policy.denoisers.unet:UnetDenoiser',
}

TOKENS = {
    'bins': 'il_ros.policy.tokens.binned:Binned',
    'dct': 'il_ros.policy.tokens.compressed:Compressed',
}

"""The group of training commands: a chain is one line here, and a file beside."""

import typer

from alphaloop.app.cli.train import backbones, launch, liquid, multimodal, vc

app = typer.Typer(
    help="Train forecasters: from the lake to candidates and verdicts.", no_args_is_help=True, rich_markup_mode=None
)


@app.callback()
def root() -> None:
    """Train forecasters: from the lake to candidates and verdicts."""


app.command("liquid")(liquid.run_liquid)
app.command("multimodal")(multimodal.run_multimodal)
app.command("backbones")(backbones.run_backbones)
app.command("vc")(vc.run_vc)
app.command("launch")(launch.run_launch)

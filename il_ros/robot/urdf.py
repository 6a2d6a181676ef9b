"""What a URDF says of its joints, limits and mimicry, and how to leave its mere frames out."""

from dataclasses import dataclass
from xml.etree import ElementTree


@dataclass(frozen=True)
class Limit:
    """One joint's limits in joint units [rad or m, /s, Nm or N]."""

    lower: float
    upper: float
    velocity: float
    effort: float


@dataclass(frozen=True)
class Mimic:
    """A joint that follows another: value = multiplier * driver + offset."""

    joint: str
    driver: str
    multiplier: float
    offset: float


def parse(text: str, where: str) -> ElementTree.Element:
    """Return the root of a URDF's text; ValueError names the file when it is not XML."""
    try:
        return ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        raise ValueError(f'{where}: not a URDF: {error}') from error


def limits(root: ElementTree.Element) -> dict[str, Limit]:
    """Return the limits of each joint that has them; a continuous joint has no end."""
    found = {}
    for joint in root.iter('joint'):
        limit = joint.find('limit')
        if limit is not None:
            endless = joint.get('type') == 'continuous'
            found[str(joint.get('name'))] = Limit(
                float('-inf') if endless else float(limit.get('lower', 0)),
                float('inf') if endless else float(limit.get('upper', 0)),
                float(limit.get('velocity', 0)),
                float(limit.get('effort', 0)),
            )
    return found


def mimics(root: ElementTree.Element) -> tuple[Mimic, ...]:
    """Return the joints that mimic another."""
    pairs = [(joint, joint.find('mimic')) for joint in root.iter('joint')]
    return tuple(
        Mimic(
            str(joint.get('name')),
            str(mimic.get('joint')),
            float(mimic.get('multiplier', 1)),
            float(mimic.get('offset', 0)),
        )
        for joint, mimic in pairs
        if mimic is not None
    )


def carriers(root: ElementTree.Element) -> dict[str, tuple[str, ...]]:
    """Return for each link itself, and what carries it by fixed joints, the nearest first."""
    fixed = {}
    for joint in root.findall('joint'):
        child, parent = joint.find('child'), joint.find('parent')
        if joint.get('type') == 'fixed' and child is not None and parent is not None:
            fixed[str(child.get('link'))] = str(parent.get('link'))
    found = {}
    for link in root.findall('link'):
        chain = [str(link.get('name'))]
        while chain[-1] in fixed:
            chain.append(fixed[chain[-1]])
        found[chain[0]] = tuple(chain)
    return found


def without_frames(text: str) -> str:
    """
    Return a URDF's text without links that have no shape and carry nothing: mere frames.

    Kinematics knows where they are; to the physics each would be one body more to reckon with.
    """
    root = parse(text, 'robot')
    while bare := _bare_links(root):
        for element in [*root.findall('link'), *root.findall('joint')]:
            child = element.find('child')
            name = element.get('name') if child is None else child.get('link')
            if name in bare:
                root.remove(element)
    return ElementTree.tostring(root, encoding='unicode')


def _bare_links(root: ElementTree.Element) -> set[str]:
    """Names of the links that have no shape and no children."""
    parents = {parent.get('link') for parent in root.iter('parent')}
    return {
        str(link.get('name'))
        for link in root.findall('link')
        if link.find('visual') is None
        and link.find('collision') is None
        and link.get('name') not in parents
    }

"""Human figures: proportions, clothes, and how a body is drawn, from the ground up, from back to front."""

from dataclasses import replace

import numpy as np

from recorte.data.drawing.canvas import Pen
from recorte.data.drawing.colours import INK, WHITE, darker, mix
from recorte.data.drawing.hair import draw_hair_behind
from recorte.data.drawing.heads import draw_head
from recorte.data.drawing.looks import Fabric, Looks
from recorte.data.drawing.poses import Pose, Skeleton, place_joints
from recorte.data.drawing.shapes import box, ellipse, ellipse_at, hull, limb, mirrored, smooth


class Figure:
    """A figure in a posture, ready to be drawn where a pen stands: the pen's origin is the ground below it."""

    def __init__(self, looks: Looks, pose: Pose) -> None:
        self.looks, self.pose = looks, pose
        self.side = pose.facing == "side"
        self.joints: Skeleton = place_joints(pose, 0.088 * looks.width, 0.046 * looks.width, looks.legs)

    @property
    def head(self) -> np.ndarray:
        """Middle of the head in units of the figure's own height."""
        lean = np.radians(self.pose.lean)
        rise = 0.035 + 0.5 * self.looks.head_size
        return self.joints.neck + rise * np.array([np.sin(lean) + (0.12 if self.side else 0), -np.cos(lean)])

    @property
    def height(self) -> float:
        """From the ground to the middle of the head, in heights of a grown person."""
        return -float(self.head[1]) * self.looks.height

    @property
    def seat(self) -> float | None:
        """Height of what the figure sits on, in its own units; None if it does not sit."""
        return -float(self.joints.pelvis[1]) - 0.06 if self.pose.seated else None

    def draw(self, pen: Pen) -> None:
        """Draw the figure. `pen.scale` is the height of an average grown person in pixels."""
        pen = replace(pen.at(0, 0, self.looks.height), person=True)
        back = self.pose.facing == "back"
        (x, y), (pelvis_x, pelvis_y) = self.head, self.joints.pelvis
        head = pen.at(x, y, self.looks.head_size, self.pose.lean * (0.5 if self.side else 1))
        trunk = pen.at(pelvis_x, pelvis_y, 1, self.pose.lean)
        if self.looks.bag == "backpack" and not back:
            self._backpack(trunk)
        if not back:
            draw_hair_behind(head, self.looks.head, self.pose.facing)
        over = [i for i in (0, 1) if self._arm_is_in_front(i)]
        for i in (0, 1):
            if i not in over:
                self._arm(pen, i)
        self._legs(pen)
        self._neck(pen)
        self._trunk(trunk)
        self._bag(pen, trunk)
        if not self.pose.crossed:
            for i in over:
                self._arm(pen, i)
        draw_head(head, self.looks.head, self.pose.facing)
        if back:
            draw_hair_behind(head, self.looks.head, "back")
        if self.pose.crossed:
            for i in over:
                self._arm(pen, i)

    def _arm_is_in_front(self, i: int) -> bool:
        return i == 1 if self.side else self.pose.facing == "front"

    def _shaded(self, fabric: Fabric, i: int) -> Fabric:
        return darker(fabric, 0.16) if self.side and i == 0 else fabric

    def _arm(self, pen: Pen, i: int) -> None:
        width = self.looks.width**0.5
        shoulder, elbow, wrist = self.joints.shoulders[i], self.joints.elbows[i], self.joints.wrists[i]
        skin = self._shaded(self.looks.skin, i)
        along = (wrist - elbow) / np.linalg.norm(wrist - elbow)
        inwards = np.array([along[1], -along[0]]) * (1 if self.side or i == 0 else -1)
        palm = wrist + along * 0.022
        hand = limb([wrist, palm], [0.014, 0.0165])
        thumb = limb([wrist + along * 0.012, palm + inwards * 0.02 + along * 0.004], [0.009, 0.0065])
        if pen.scale > 110:
            spread = (-0.6, -0.2, 0.2, 0.6) if self.pose.arms[i][1] > 90 else (-0.35, -0.12, 0.12, 0.35)
            for s in spread:
                tip = palm + along * (0.036 - 0.012 * abs(s)) + inwards * 0.03 * s
                hand += limb([palm + inwards * 0.019 * s, tip], [0.007, 0.0058])
        else:
            hand += limb([palm, palm + along * 0.018], [0.0165, 0.0125])
        sleeves = self.looks.sleeves
        bare = limb([shoulder, elbow, wrist], [0.026 * width, 0.0205 * width, 0.0155]) if sleeves < 2 else []
        pen.fill(skin, *bare, *hand, *thumb, shade=0.12)
        if not sleeves:
            return
        thick = 1.25 if self.looks.top in ("coat", "hoodie", "jacket") else 1.08
        if sleeves < 2:
            sleeve = limb([shoulder, shoulder + (elbow - shoulder) * sleeves], [0.0305 * width, 0.032 * width])
        else:
            cuff = wrist - along * 0.012
            sleeve = limb([shoulder, elbow, cuff], [0.03 * thick * width, 0.025 * thick * width, 0.02 * thick])
        pen.fill(self._shaded(self.looks.top_cloth, i), *sleeve, shade=0.1)

    def _legs(self, pen: Pen) -> None:
        looks, joints, width = self.looks, self.joints, self.looks.width
        bare = looks.top == "dress" or looks.bottom in ("shorts", "skirt", "long skirt")
        for i in (0, 1):
            line = [joints.hips[i], joints.knees[i], joints.ankles[i]]
            if bare:
                pen.fill(self._shaded(looks.skin, i), *limb(line, [0.046 * width, 0.032, 0.018]), shade=0.12)
            self._shoe(pen, i)
            if not bare:
                legs = limb(line, [0.054 * width, 0.04 * width**0.5, 0.03])
                pen.fill(self._shaded(looks.bottom_cloth, i), *legs, shade=0.13)
            elif looks.bottom == "shorts" and looks.top != "dress":
                end = joints.hips[i] + 0.75 * (joints.knees[i] - joints.hips[i])
                legs = limb([joints.hips[i], end], [0.055 * width, 0.048 * width])
                pen.fill(self._shaded(looks.bottom_cloth, i), *legs, shade=0.13)
        if looks.bottom in ("skirt", "long skirt") and looks.top != "dress":
            self._skirt(pen, looks.bottom_cloth, 0.7 if looks.bottom == "skirt" else 1.55)

    def _shoe(self, pen: Pen, i: int) -> None:
        (x, y), (_, shin) = self.joints.ankles[i], self.pose.legs[i]
        if self.side:
            foot = pen.at(x, y, 1, 0 if self.pose.flat or self.pose.seated else -0.7 * shin)
            upper = [(-0.024, -0.022), (0.02, -0.026), (0.042, 0.002), (0.085, 0.012), (0.085, 0.034), (-0.032, 0.034)]
            sole = box(-0.03, 0.024, 0.081, 0.035, 0.005)
        else:
            outwards = (-1 if i == 0 else 1) * 0.014
            foot = pen.at(x, y)
            upper = [(-0.022, -0.026), (0.022, -0.026), (0.034 + outwards, 0.012), (0.034 + outwards, 0.038)]
            upper += [(-0.034 + outwards, 0.038), (-0.034 + outwards, 0.012)]
            sole = box(-0.03 + outwards, 0.025, 0.03 + outwards, 0.036, 0.005)
        foot.fill(self._shaded(self.looks.shoes, i), smooth(upper, 2), shade=0.15)
        foot.fill(mix(self.looks.shoes, WHITE if self.looks.shoes.mean() < 0.6 else INK, 0.5), sole)

    def _skirt(self, pen: Pen, fabric: Fabric, length: float) -> None:
        """A hull around hips and thighs falls right in every posture; `length` 1 ends at the knee, 2 at the ankle."""
        joints, width = self.joints, self.looks.width
        ends = []
        for hip, knee, ankle in zip(joints.hips, joints.knees, joints.ankles, strict=True):
            down = hip + (knee - hip) * min(length, 1) + (ankle - knee) * max(length - 1, 0)
            ends.append(ellipse_at(down, 0.066 * width, 0.018))
        waist = ellipse_at(joints.pelvis - np.array([0, 0.07]), 0.068 * width * (0.75 if self.side else 1), 0.02)
        pen.fill(fabric, hull(waist, *ends), shade=0.12)

    def _neck(self, pen: Pen) -> None:
        base, head = self.joints.neck, self.head
        line = [base + np.array([0, 0.03]), head + (head - base) * -0.2]
        pen.fill(self.looks.skin * 0.86, *limb(line, [0.034, 0.028]))

    def _trunk(self, trunk: Pen) -> None:
        looks = self.looks
        hips = hull(ellipse(0, -0.045, 0.07 * looks.width, 0.03), ellipse(0, 0.015, 0.092 * looks.width, 0.03))
        if self.side:
            hips = hull(ellipse(0, -0.045, 0.055 * looks.width, 0.03), ellipse(-0.005, 0.01, 0.06 * looks.width, 0.035))
        if looks.top != "dress":
            trunk.fill(looks.bottom_cloth, hips, shade=0.1)
        outline = self._torso(0.02 if looks.top in ("long", "hoodie", "jacket") else -0.02)
        open_front = looks.top in ("jacket", "coat") and self.pose.facing == "front"
        if looks.top in ("coat", "dress"):
            # Down the legs as they stand, so that it is drawn unturned.
            upright = trunk.at(0, 0, 1, -self.pose.lean)
            self._skirt(upright.at(*-self.joints.pelvis), looks.top_cloth, 0.95 if looks.top == "coat" else 0.9)
        trunk.fill(looks.inner_cloth if open_front else looks.top_cloth, outline, shade=0.12)
        if open_front:
            for s in (-1, 1):
                panel = np.array([(0.035, -0.33), (0.2, -0.33), (0.2, 0.25), (0.03, 0.25), (0.022, -0.1)]) * (s, 1)
                trunk.fill(darker(looks.top_cloth, 0.0 if s < 0 else 0.06), outline, inside=(panel,))
        self._details(trunk)

    def _torso(self, hem: float) -> np.ndarray:
        w = self.looks.width
        if self.side:
            chest = 0.066 * w**0.5
            front = [(0.005, -0.315), (0.045, -0.29), (chest, -0.21), (0.058 * w, -0.08), (0.056 * w, hem)]
            back = [(-0.06 * w, hem), (-0.05 * w, -0.09), (-0.07, -0.22), (-0.055, -0.29), (-0.03, -0.315)]
            return smooth(front + back)
        half = [(0.03, -0.318), (0.075 * w, -0.304), (0.118 * w, -0.285), (0.112 * w, -0.2), (0.084 * w, -0.1)]
        return smooth(mirrored([*half, (0.092 * w, -0.03), (0.088 * w, hem + 0.01)]))

    def _details(self, trunk: Pen) -> None:
        looks, pose = self.looks, self.pose
        if pose.facing == "front" and looks.top in ("tee", "tank", "dress", "long"):
            deep = 0.055 if looks.top in ("tank", "dress") else 0.03
            trunk.fill(looks.skin * 0.92, ellipse(0, -0.318, 0.04, deep))
        if looks.top == "shirt" and pose.facing == "front":
            white = mix(looks.inner_cloth, WHITE, 0.5) if not callable(looks.inner_cloth) else WHITE
            for s in (-1, 1):
                trunk.fill(white, np.array([(0.0, -0.27), (0.05, -0.325), (0.03, -0.345)]) * (s, 1))
            trunk.fill(mix(INK, WHITE, 0.3), *(ellipse(0, y, 0.005) for y in (-0.23, -0.18, -0.13, -0.08)))
        if looks.top == "hoodie":
            rim = [(0.03, -0.35), (0.062, -0.335), (0.068, -0.3), (0.03, -0.275)]
            hood = smooth(mirrored(rim), 2) - ((0.02, 0) if self.side else (0, 0))
            trunk.fill(darker(looks.top_cloth, 0.1), hood, shade=0.1)
            if pose.facing == "front":
                pocket = smooth([(-0.05, -0.1), (0.05, -0.1), (0.068, -0.02), (-0.068, -0.02)], 1)
                trunk.fill(darker(looks.top_cloth, 0.1), pocket)
        if looks.bag == "backpack":
            if pose.facing == "back":
                self._backpack(trunk)
            elif not self.side:
                straps = [box(s * 0.066 - 0.009, -0.31, s * 0.066 + 0.009, -0.13, 0.008) for s in (-1, 1)]
                trunk.fill(looks.bag_colour * 0.85, *straps)

    def _backpack(self, trunk: Pen) -> None:
        x = -0.1 if self.side else 0.0
        wide = 0.05 if self.side else 0.105
        trunk.fill(self.looks.bag_colour, box(x - wide, -0.3, x + wide, -0.06, 0.04), shade=0.15)
        trunk.fill(self.looks.bag_colour * 0.85, box(x - wide * 0.75, -0.16, x + wide * 0.75, -0.085, 0.02))

    def _bag(self, pen: Pen, trunk: Pen) -> None:
        looks = self.looks
        if looks.bag == "shoulder" and self.pose.facing != "side":
            trunk.fill(looks.bag_colour * 0.8, *limb([(-0.075, -0.3), (0.1 * looks.width, 0.0)], [0.006, 0.006]))
            trunk.fill(looks.bag_colour, box(0.06, -0.01, 0.17, 0.075, 0.016), shade=0.15)
            trunk.fill(looks.bag_colour * 0.82, box(0.06, -0.01, 0.17, 0.025, 0.012))
        elif looks.bag == "tote" and abs(self.pose.arms[1][1]) < 30 and not self.pose.seated:
            hand = self.joints.wrists[1] + (0, 0.035)
            held = pen.at(*hand)
            held.fill(looks.bag_colour * 0.8, *limb([(0, 0), (-0.035, 0.06)], [0.004, 0.004]))
            held.fill(looks.bag_colour * 0.8, *limb([(0, 0), (0.035, 0.06)], [0.004, 0.004]))
            sack = smooth([(-0.06, 0.055), (0.06, 0.055), (0.07, 0.19), (-0.07, 0.19)], 1)
            held.fill(looks.bag_colour, sack, shade=0.15)

"""The example machine with one fault, named by the argument."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "examples" / "python"))
import machine  # noqa: E402


class WrongErrno(machine.Machine):
    def write(self, word, arguments, block, moves):
        try:
            super().write(word, arguments, block, moves)
        except machine.Refused:
            raise machine.Refused("EBUSY") from None


class LostState(machine.Machine):
    def online(self, block, kind):
        """Says that it is online."""


class StaleObservation(machine.Machine):
    last = None

    def observe(self, whole):
        shown, self.last = self.last, super().observe(True)
        return shown or self.last


class ForgottenChange(machine.Machine):
    def observe(self, whole):
        seen = super().observe(whole)
        return seen if whole else {**seen, "blocks": [], "gone": []}


machine.Machine = {"wrong-errno": WrongErrno, "lost-state": LostState, "stale-observation": StaleObservation,
                   "forgotten-change": ForgottenChange}[sys.argv[1]]
machine.serve(machine.Peer())

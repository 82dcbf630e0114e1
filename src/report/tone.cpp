#include "report/tone.hpp"

namespace repro::report {

Tone tone_of(measure::Verdict verdict) {
  switch (verdict) {
    case measure::Verdict::reproduced:
      return Tone::good;
    case measure::Verdict::not_reproduced:
      return Tone::bad;
    case measure::Verdict::inconclusive:
      return Tone::open;
    case measure::Verdict::not_tested:
      return Tone::plain;
  }
  return Tone::plain;
}

const char* name(Tone tone) {
  switch (tone) {
    case Tone::plain:
      return "plain";
    case Tone::good:
      return "good";
    case Tone::bad:
      return "bad";
    case Tone::open:
      return "open";
  }
  return "";
}

std::string toned(Tone tone, const std::string& text) {
  if (tone == Tone::plain || text.empty()) return text;
  return std::string{kToneBegin, name(tone)[0]} + text + kToneEnd;
}

}  // namespace repro::report

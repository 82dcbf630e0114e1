// DONE, with the seals of a run's files.
#include "run/seal.hpp"

#include "target.hpp"

namespace repro::fuzz {

void read(std::string_view bytes) {
  const MemoryFile file(bytes);
  attempt([&] {
    const auto seals = run::read_seals(file.path());
    require(seals.has_value() == !bytes.empty(), "only an empty DONE has no seals");
    if (!seals) return;
    const MemoryFile written(run::to_text(*seals));
    const auto again = run::read_seals(written.path());
    require(again && run::to_text(*again) == run::to_text(*seals), "seals stay as they are");
  });
}

}  // namespace repro::fuzz

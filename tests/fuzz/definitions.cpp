// Definitions of corpora, tasks, hardware profiles and prices. What is read is written as it was
// understood: read again it must say the same.
#include "config/corpus.hpp"
#include "config/prices.hpp"
#include "config/profile.hpp"
#include "config/task.hpp"
#include "target.hpp"

namespace repro::fuzz {
namespace {

template <typename Load>
void read_twice(std::string_view bytes, const Load& load) {
  attempt([&] {
    const auto text_of = [&](std::string_view toml) {
      const MemoryFile file(toml);
      return to_toml(load(file.path(), "x.toml"));
    };
    const std::string once = text_of(bytes);
    std::string again;
    try {
      again = text_of(once);
    } catch (const Error& error) {
      misread(std::string("what was written is refused: ") + error.what());
    }
    require(once == again, "what was written reads as the same");
  });
}

}  // namespace

void read(std::string_view bytes) {
  switch (choose(bytes, 4)) {
    case 0:
      return read_twice(bytes, config::load_corpus);
    case 1:
      return read_twice(bytes, config::load_profile);
    case 2:
      return read_twice(bytes, config::load_prices);
    default:
      const MemoryFile file(bytes);
      attempt([&] { config::load_task(file.path(), "x.toml"); });
  }
}

}  // namespace repro::fuzz

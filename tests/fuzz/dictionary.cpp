// Dictionaries of the DICT servers: an index, an empty line, and the text it points into.
#include "data/formats/dictionary.hpp"

#include "target.hpp"

namespace repro::fuzz {

void read(std::string_view bytes) {
  const size_t between = std::min(bytes.find("\n\n"), bytes.size());
  const std::string_view index = bytes.substr(0, between);
  const std::string_view text = bytes.substr(std::min(between + 2, bytes.size()));
  attempt([&] {
    data::read_dictionary(index, text, "x.index",
                          [](const std::string&, std::vector<std::string>&& paragraphs) {
                            for (const std::string& one : paragraphs)
                              require(!one.empty(), "a paragraph holds something");
                          });
  });
  data::entry_text(bytes);
}

}  // namespace repro::fuzz

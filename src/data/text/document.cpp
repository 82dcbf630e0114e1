#include "data/text/document.hpp"

#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/json.hpp"
#include "data/formats/input.hpp"

namespace repro::data {

using nlohmann::json;
using nlohmann::ordered_json;

std::string to_line(const Document& document) {
  const ordered_json line = {{"src", document.source},
                             {"id", document.id},
                             {"piece", document.piece},
                             {"split", document.split},
                             {"text", document.text}};
  return line.dump(-1, ' ', false, json::error_handler_t::replace) + '\n';
}

void for_each_document(const std::filesystem::path& path,
                       const std::function<bool(const Document&)>& visit) {
  const auto input = open_input(path);
  LineReader lines(*input);
  std::string_view line;
  for (int64_t number = 1; lines.next(line); ++number) {
    json object = parse_json(line);
    if (!object.is_object() || !object.contains("text"))
      throw Error("{}:{}: not a document; delete the folder, it will be built again", path.string(),
                  number);
    const Document document = {object.value("src", ""), object.value("id", ""),
                               object.value("piece", int64_t{0}), object.value("split", ""),
                               object["text"].get<std::string>()};
    if (!visit(document)) return;
  }
}

}  // namespace repro::data

#pragma once
// What turns a text into the tokens that a model was trained on, whoever trained it.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace repro::data {

class Encoder {
 public:
  virtual ~Encoder() = default;

  // Appends the tokens of `text`, without one that marks its beginning or end. Not thread-safe: it
  // remembers words.
  virtual void encode(std::string_view text, std::vector<int32_t>& out) = 0;
  // One more than the highest token.
  virtual int64_t vocabulary() const = 0;
  // What a model reads where nothing stands before a text.
  virtual int32_t before_text() const = 0;
  // The fingerprint of its file.
  virtual const std::string& sha256() const = 0;
};

// Of a run's directory: of the tokenizer.json that an imported checkpoint brought, else of the
// tokenizer.model that a corpus was prepared with. Error when it is neither, or damaged.
std::unique_ptr<Encoder> open_encoder(const std::filesystem::path& directory);

}  // namespace repro::data

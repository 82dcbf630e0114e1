#include "data/formats/budget.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"

namespace repro::data {
namespace {

// A file of a few lines repeated compresses without bound, and harms nobody.
constexpr int64_t kHarmless = 64'000'000;

}  // namespace

void fail_limit(const std::string& file, const std::string& what, std::string_view limit,
                int64_t allowed) {
  throw Error(
      "{}: {}; the limit {} is {}: where the file is trusted, raise it with --limit {}=N of `repro "
      "data import`, or under [limits] in the corpus' definition",
      file, what, limit, allowed, limit);
}

void Budget::expand(const std::string& stream, size_t depth, size_t bytes, int64_t stream_bytes) {
  if (expanded_.size() <= depth) expanded_.resize(depth + 1);
  const int64_t all = expanded_[depth] += static_cast<int64_t>(bytes);
  if (stream_bytes > limits_.member_bytes)
    fail_limit(stream, "expands to more than " + human_bytes(static_cast<double>(stream_bytes)),
               "member_bytes", limits_.member_bytes);
  if (all > limits_.total_bytes)
    fail_limit(stream, "its file expands to more than " + human_bytes(static_cast<double>(all)),
               "total_bytes", limits_.total_bytes);
  if (all > kHarmless && all / limits_.ratio > read_)
    fail_limit(stream,
               fmt::format("{} out of {} of the file", human_bytes(static_cast<double>(all)),
                           human_bytes(static_cast<double>(read_))),
               "ratio", limits_.ratio);
}

void Budget::enter(const std::string& stream, size_t depth) const {
  if (static_cast<int64_t>(depth) > limits_.depth)
    fail_limit(stream, "archives and compressions inside one another", "depth", limits_.depth);
}

void Budget::add_member(const std::string& archive) {
  if (++members_ > limits_.members)
    fail_limit(archive, fmt::format("more than {} members", limits_.members), "members",
               limits_.members);
}

void Budget::add_record(const std::string& file, size_t bytes) {
  if (static_cast<int64_t>(bytes) > limits_.record_bytes)
    fail_limit(file, fmt::format("a document of {}", human_bytes(static_cast<double>(bytes))),
               "record_bytes", limits_.record_bytes);
  if (++records_ > limits_.records)
    fail_limit(file, fmt::format("more than {} documents", limits_.records), "records",
               limits_.records);
}

void require_free_disk(const std::filesystem::path& folder, int64_t bytes,
                       const config::CorpusLimits& limits) {
  const auto available = static_cast<int64_t>(
      std::min<uintmax_t>(std::filesystem::space(folder).available, INT64_MAX));
  if (available - limits.free_bytes >= bytes) return;
  throw Error(
      Exit::run_failed,
      "{}: {} free, needed are {} and the {} that stay free (the limit free_bytes); make room "
      "and run the same command again",
      folder.string(), human_bytes(static_cast<double>(available)),
      human_bytes(static_cast<double>(bytes)), human_bytes(static_cast<double>(limits.free_bytes)));
}

}  // namespace repro::data

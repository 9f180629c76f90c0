// SPDX-License-Identifier: Apache-2.0
// Runs a fuzz target without libFuzzer: every file of a corpus folder, then seeded mutations of
// them.
//   fuzz_x CORPUS_DIR [RUNS [SEED]]
// The same seed gives the same inputs. When an input crashes, it is printed in hexadecimal.

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

constexpr int kDefaultRuns = 200000;
constexpr std::uint64_t kDefaultSeed = 1;
constexpr std::size_t kInputBytesMax = 64 * 1024;
// Processor time that one input may take, under sanitizers and on a busy machine too.
constexpr double kSecondsMax = 20;

std::string current_input;

// Async-signal-safe: write() and static data only.
void PrintInputAndDie(int signal) {
  static constexpr char kDigits[] = "0123456789abcdef";
  static constexpr char kTitle[] = "\nfailing input: ";
  (void)!write(STDERR_FILENO, kTitle, sizeof kTitle - 1);
  for (const char c : current_input) {
    const auto byte = static_cast<unsigned char>(c);
    const char pair[2] = {kDigits[byte >> 4], kDigits[byte & 15]};
    (void)!write(STDERR_FILENO, pair, sizeof pair);
  }
  (void)!write(STDERR_FILENO, "\n", 1);
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

void Run(std::string input) {
  current_input = std::move(input);
  // A copy of exactly this size, so that a sanitizer sees each byte read beyond it.
  const std::vector<std::uint8_t> bytes(current_input.begin(), current_input.end());
  const std::clock_t begin = std::clock();
  LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
  const double seconds = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
  if (seconds > kSecondsMax) {
    std::fprintf(stderr, "one input took %.1f s\n", seconds);
    std::abort();
  }
}

class Mutator {
 public:
  explicit Mutator(std::uint64_t seed) : random_(seed) {}

  std::string Mutate(const std::vector<std::string>& corpus) {
    std::string input = corpus[Below(corpus.size())];
    for (std::size_t edits = 1 + Below(6); edits > 0; --edits) Edit(input, corpus);
    if (input.size() > kInputBytesMax) input.resize(kInputBytesMax);
    return input;
  }

 private:
  std::size_t Below(std::size_t bound) { return bound == 0 ? 0 : random_() % bound; }
  char AnyByte() { return static_cast<char>(random_()); }

  void Edit(std::string& input, const std::vector<std::string>& corpus) {
    const std::size_t at = Below(input.size() + 1);
    const std::size_t left = input.size() - at;
    switch (Below(8)) {
      case 0:
        if (left > 0) input[at] = static_cast<char>(input[at] ^ (1 << Below(8)));
        break;
      case 1:
        if (left > 0) input[at] = AnyByte();
        break;
      case 2:
        input.insert(at, 1 + Below(8), AnyByte());
        break;
      case 3:
        input.erase(at, 1 + Below(8));
        break;
      case 4:
        input.resize(at);
        break;
      case 5:
        input.insert(at, input, Below(input.size() + 1), Below(64));
        break;
      case 6:
        input.replace(at, std::min<std::size_t>(left, 4), Extreme());
        break;
      default: {
        const std::string& other = corpus[Below(corpus.size())];
        input.replace(at, std::string::npos, other, Below(other.size() + 1), std::string::npos);
      }
    }
  }

  // Lengths and counts that are off by one, negative or huge, big-endian and as varints.
  std::string Extreme() {
    static const std::string kExtremes[] = {
        std::string("\x7f\xff\xff\xff", 4),         std::string("\x80\x00\x00\x00", 4),
        std::string("\xff\xff\xff\xff", 4),         std::string("\x00\x00\x00\x01", 4),
        std::string("\xff\xff\xff\xff\x0f", 5),     std::string("\xff\xff\xff\xff\x07", 5),
        std::string("\x80\x80\x80\x80\x80\x01", 6), std::string("\x00\x01\x00\x00", 4)};
    return kExtremes[Below(std::size(kExtremes))];
  }

  std::mt19937_64 random_;
};

std::vector<std::string> LoadCorpus(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.is_regular_file()) paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  std::vector<std::string> corpus;
  for (const std::filesystem::path& path : paths) {
    std::ifstream file(path, std::ios::binary);
    corpus.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return corpus;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: %s CORPUS_DIR [RUNS [SEED]]\n", argv[0]);
    return 2;
  }
  const int runs = argc > 2 ? std::atoi(argv[2]) : kDefaultRuns;
  const std::uint64_t seed = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : kDefaultSeed;
  const std::vector<std::string> corpus = LoadCorpus(argv[1]);
  if (corpus.empty()) {
    std::fprintf(stderr, "no files in %s\n", argv[1]);
    return 2;
  }
  std::signal(SIGABRT, PrintInputAndDie);
  std::signal(SIGSEGV, PrintInputAndDie);

  Run("");
  for (const std::string& input : corpus) Run(input);
  Mutator mutator(seed);
  for (int run = 0; run < runs; ++run) Run(mutator.Mutate(corpus));
  std::printf("%zu files, %d mutations, seed %llu: no failure\n", corpus.size(), runs,
              static_cast<unsigned long long>(seed));
  return 0;
}

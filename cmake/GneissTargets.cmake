# One way to declare a library, a test and a fuzzer. Sources are listed, never globbed.

# gneiss_library(NAME SOURCES a.cc ... DEPS target ...)
function(gneiss_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_link_libraries(${name} PUBLIC ${ARG_DEPS})
endfunction()

# RocksDB is not instrumented; the file says which reports that explains.
function(gneiss_sanitized_test name)
  if(GNEISS_SANITIZE MATCHES "thread")
    set_property(TEST ${name} APPEND PROPERTY
      ENVIRONMENT "TSAN_OPTIONS=suppressions=${CMAKE_SOURCE_DIR}/cmake/tsan.supp")
  endif()
endfunction()

# gneiss_test(NAME SOURCES a_test.cc ... DEPS target ...): a GoogleTest binary, one ctest entry.
function(gneiss_test name)
  if(NOT GNEISS_TESTS)
    return()
  endif()
  cmake_parse_arguments(ARG "" "TIMEOUT" "SOURCES;DEPS" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  add_executable(${name} ${ARG_SOURCES})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} GTest::gmock GTest::gtest GTest::gtest_main)
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES TIMEOUT ${ARG_TIMEOUT})
  gneiss_sanitized_test(${name})
endfunction()

# gneiss_fuzzer(NAME SOURCES fuzz_x.cc CORPUS dir [RUNS n] DEPS target ...): with GNEISS_LIBFUZZER a
# libFuzzer program; otherwise a ctest entry that replays the corpus plus seeded mutations of it,
# RUNS of them where one run takes long.
function(gneiss_fuzzer name)
  if(NOT GNEISS_TESTS)
    return()
  endif()
  cmake_parse_arguments(ARG "" "CORPUS;RUNS" "SOURCES;DEPS" ${ARGN})
  if(GNEISS_LIBFUZZER)
    add_executable(${name} ${ARG_SOURCES})
    target_link_libraries(${name} PRIVATE ${ARG_DEPS})
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  else()
    add_executable(${name} ${ARG_SOURCES} ${CMAKE_SOURCE_DIR}/protocol/fuzz/replay_main.cc)
    target_link_libraries(${name} PRIVATE ${ARG_DEPS})
    add_test(NAME ${name} COMMAND ${name} ${ARG_CORPUS} ${ARG_RUNS})
    set_tests_properties(${name} PROPERTIES TIMEOUT 300)
    gneiss_sanitized_test(${name})
  endif()
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
endfunction()

import Foundation
import NetBackends
import Testing

/// Runs a program to its end, in the namespace of the calling thread.
func run(_ words: String...) throws {
  let id = try start(words)
  var status: Int32 = 0
  #expect(unsafe waitpid(id, &status, 0) == id)
  #expect(status == 0, "\(words)")
}

/// Starts a program, from the calling thread, whose namespaces it inherits.
func start(_ words: [String]) throws -> pid_t {
  var arguments = unsafe words.map { unsafe strdup($0) } + [nil]
  defer { for index in unsafe arguments.indices { unsafe free(arguments[index]) } }
  var id: pid_t = 0
  let error = unsafe posix_spawnp(&id, words[0], nil, nil, &arguments, environ)
  try #require(error == 0, "cannot start \(words[0]): errno \(error)")
  return id
}

/// Waits until a back end's descriptor says that there may be something to do.
func isReady(_ backend: NetBackend) -> Bool {
  var item = pollfd(fd: backend.descriptor!, events: Int16(POLLIN), revents: 0)
  return unsafe poll(&item, 1, 20_000) == 1
}

import Guests

/// A time that an option gives in seconds.
///
/// - Throws: ``Failure`` for what is none, and for one that nobody means.
func parseSeconds(_ text: String, of option: String) throws(Failure) -> Duration {
  guard let seconds = Double(text), seconds > 0, seconds <= 1e6 else {
    throw .usage("\(option) \(text): more than 0 and at most 1000000 seconds, please")
  }
  return .seconds(seconds)
}

/// A list whose storage belongs to its owner alone, and stays when the list is emptied.
///
/// For the path of a packet: an array would count references, and ask before each change whether somebody else holds it.
@safe
public struct OwnedList<Element: BitwiseCopyable>: ~Copyable {
  @usableFromInline var storage: UnsafeMutableBufferPointer<Element>
  /// How many elements there are.
  @inlinable public var count: Int { length }
  @usableFromInline var length = 0

  /// - Parameter capacity: elements that there is room for from the beginning, more than 0.
  public init(capacity: Int) {
    precondition(capacity > 0)
    unsafe storage = .allocate(capacity: capacity)
  }

  deinit {
    unsafe storage.deallocate()
  }

  /// Adds an element at the end; where there is no room for it, there is twice as much afterwards.
  @inlinable
  public mutating func append(_ element: Element) {
    if unsafe length == storage.count { grow() }
    unsafe storage[length] = element
    length &+= 1
  }

  /// Empties the list, whose storage stays.
  @inlinable
  public mutating func removeAll() {
    length = 0
  }

  /// The element at `index`; traps where there is none.
  @inlinable
  public subscript(index: Int) -> Element {
    get {
      precondition(index >= 0 && index < count, "no such element")
      return unsafe storage[index]
    }
    set {
      precondition(index >= 0 && index < count, "no such element")
      unsafe storage[index] = newValue
    }
  }

  /// Lends the elements of `range`.
  @inlinable
  public func withSpan<R>(_ range: Range<Int>, _ body: (borrowing Span<Element>) -> R) -> R {
    precondition(range.lowerBound >= 0 && range.upperBound <= count, "no such elements")
    let first = unsafe storage.baseAddress! + range.lowerBound
    return body(unsafe UnsafeBufferPointer(start: first, count: range.count).span)
  }

  /// Lends all elements.
  @inlinable
  public func withSpan<R>(_ body: (borrowing Span<Element>) -> R) -> R {
    withSpan(0..<count, body)
  }

  @usableFromInline @inline(never)
  mutating func grow() {
    let larger = unsafe UnsafeMutableBufferPointer<Element>.allocate(capacity: storage.count * 2)
    _ = unsafe larger.update(fromContentsOf: storage)
    unsafe storage.deallocate()
    unsafe storage = larger
  }
}

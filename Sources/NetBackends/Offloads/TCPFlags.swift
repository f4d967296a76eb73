/// Bits of TCP's flags, and where they lie in its header (RFC 9293, section 3.1). Computed: a NIC's code has the numbers
/// themselves, not accesses to variables of this module.
package enum TCPFlags {
  @inlinable package static var offset: Int { 13 }
  @inlinable package static var fin: UInt8 { 1 << 0 }
  @inlinable package static var psh: UInt8 { 1 << 3 }
  @inlinable package static var cwr: UInt8 { 1 << 7 }
}

using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Boottify.Dns.DynamicUpdate;

/// <summary>The wire form of DNS (RFC 1035, section 4.1): numbers in network order, names as labels, without compression.</summary>
internal sealed class WireWriter
{
    private const int LongestLabel = 63;
    private const int LongestName = 255;

    private readonly ArrayBufferWriter<byte> buffer = new();

    public ReadOnlySpan<byte> Written => buffer.WrittenSpan;

    public WireWriter U16(int value)
    {
        BinaryPrimitives.WriteUInt16BigEndian(buffer.GetSpan(2), checked((ushort)value));
        buffer.Advance(2);
        return this;
    }

    public WireWriter U32(uint value)
    {
        BinaryPrimitives.WriteUInt32BigEndian(buffer.GetSpan(4), value);
        buffer.Advance(4);
        return this;
    }

    /// <param name="value">At most 48 bits: the time of a TSIG.</param>
    public WireWriter U48(long value) => U16((int)(value >> 32)).U32((uint)(value & 0xffff_ffff));

    public WireWriter Bytes(ReadOnlySpan<byte> value)
    {
        buffer.Write(value);
        return this;
    }

    /// <exception cref="FormatException">It is no domain name.</exception>
    public WireWriter Name(string name)
    {
        // On the wire the first label has its length before it too, and the root comes behind the last.
        if (name.Length + 2 > LongestName)
            throw new FormatException($"'{name[..40]}…' is too long for a domain name.");
        foreach (var label in name.Split('.'))
        {
            if (label.Length is 0 or > LongestLabel || !label.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_'))
                throw new FormatException($"'{name}' is no domain name.");
            Bytes([(byte)label.Length]).Bytes(Encoding.ASCII.GetBytes(label));
        }

        return Bytes([0]);
    }
}

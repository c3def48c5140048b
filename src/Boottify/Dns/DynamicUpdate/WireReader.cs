using System.Buffers.Binary;
using System.Text;

namespace Boottify.Dns.DynamicUpdate;

/// <summary>Reads what a name server sent. Whatever it may be, a read ends: with a value, or an <see cref="InvalidDataException"/>.</summary>
internal ref struct WireReader(ReadOnlySpan<byte> message, int start)
{
    private const int LongestName = 255;

    private readonly ReadOnlySpan<byte> message = message;

    public int Position { get; private set; } = start;

    public int U16() => BinaryPrimitives.ReadUInt16BigEndian(Bytes(2));

    public uint U32() => BinaryPrimitives.ReadUInt32BigEndian(Bytes(4));

    public long U48() => ((long)U16() << 32) | U32();

    public ReadOnlySpan<byte> Bytes(int count)
    {
        if (count > message.Length - Position)
            throw new InvalidDataException("it ends too soon");
        Position += count;
        return message.Slice(Position - count, count);
    }

    /// <returns>In lower case, without a trailing dot. Bytes that no host name has are written as <c>\123</c>, so that two names are never taken for one.</returns>
    public string Name()
    {
        var name = new StringBuilder();
        var (at, after, earliest) = (Position, -1, Position);
        while (true)
        {
            var length = At(at);
            if (length == 0)
                break;
            if (length < 0x40)
            {
                if (name.Length > 0)
                    name.Append('.');
                for (var i = at + 1; i <= at + length; i++)
                    Append(name, (byte)At(i));
                at += length + 1;
                if (name.Length > LongestName * 4)
                    throw new InvalidDataException("a name in it is too long");
                continue;
            }

            // A pointer (RFC 1035, section 4.1.4) leads back, each one further than the last, or names would go in circles.
            var target = ((length & 0x3f) << 8) | At(at + 1);
            if (length < 0xc0 || target >= earliest)
                throw new InvalidDataException("a name in it leads nowhere");
            if (after < 0)
                after = at + 2;
            (at, earliest) = (target, target);
        }

        Position = after < 0 ? at + 1 : after;
        return name.ToString();
    }

    private static void Append(StringBuilder name, byte value)
    {
        if (char.IsAsciiLetterOrDigit((char)value) || value is (byte)'-' or (byte)'_' or (byte)'*')
            name.Append(char.ToLowerInvariant((char)value));
        else
            name.Append('\\').Append($"{value:000}");
    }

    private readonly int At(int index) => index < message.Length ? message[index] : throw new InvalidDataException("it ends too soon");
}

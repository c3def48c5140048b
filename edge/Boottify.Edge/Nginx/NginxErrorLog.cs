using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Boottify.Edge.Files;

namespace Boottify.Edge.Nginx;

/// <summary>
/// The running nginx's error log. Most of it is written at strangers' wish: their request lines, hosts and referrers stand in it as
/// they sent them, and words of apps' answers. So nothing is believed for what a line contains, only for how it begins.
/// </summary>
public sealed partial class NginxErrorLog(EdgeFolders folders)
{
    private const long Largest = 64 << 20;
    private const int MostAtOnce = 4 << 20;

    private string Path { get; } = System.IO.Path.Combine(folders.Nginx, "error.log");

    /// <summary>Keeps the log, which any stranger's handshake may add to, within twice its bound.</summary>
    /// <param name="master">nginx's master, which then opens a new one.</param>
    /// <exception cref="IOException">The full one could not be moved; it grows on, and the next try may do it.</exception>
    public void Turn(int? master)
    {
        if (Length < Largest || master is not { } pid) return;
        File.Move(Path, Path + ".1", overwrite: true);
        Posix.Signal(pid, Posix.UserOne);
    }

    /// <summary>Reads what nginx writes from now on.</summary>
    public Reader FromHere() => new(Path, Length);

    private long Length => new FileInfo(Path) is { Exists: true } file ? file.Length : 0;

    /// <summary>What a master says of itself: time, level, its pid, and no <c>*number</c> of a connection that it speaks of.</summary>
    [GeneratedRegex(@"^\d{4}/\d\d/\d\d \d\d:\d\d:\d\d \[emerg\] (?<pid>\d{1,9})#\d+: [^*]", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Refusal { get; }

    public sealed class Reader
    {
        private const int Told = 3;
        private readonly string _path;
        private readonly Queue<string> _refusals = new();
        private long _position;

        internal Reader(string path, long position) => (_path, _position) = (path, position);

        /// <summary>Why nginx refused what it was given since this reader began; empty when it did not.</summary>
        /// <param name="master">
        /// Who can have refused; null for any process of nginx. nginx 1.22 writes what a client sent unescaped, and that no line feed is in
        /// it rests on its parsers alone: a line that somebody forged all the same would have to name this pid.
        /// </param>
        public string Refusals(int? master)
        {
            foreach (var line in NewLines())
            {
                if (Refusal.Match(line) is not { Success: true } match) continue;
                if (master is { } pid && int.Parse(match.Groups["pid"].ValueSpan, CultureInfo.InvariantCulture) != pid) continue;
                _refusals.Enqueue(line);
                if (_refusals.Count > Told) _refusals.Dequeue();
            }

            return string.Join(' ', _refusals);
        }

        /// <summary>Whole lines since the last look; of a flood the last part alone. A log that was turned is read from its start.</summary>
        private IEnumerable<string> NewLines()
        {
            if (!File.Exists(_path)) return [];
            using var stream = new FileStream(_path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            if (stream.Length < _position) _position = 0;
            var start = Math.Max(_position, stream.Length - MostAtOnce);
            var bytes = new byte[(int)(stream.Length - start)];
            stream.Position = start;
            var text = bytes.AsSpan(0, stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false));
            text = text[..(text.LastIndexOf((byte)'\n') + 1)];
            var isCut = start > _position; // Then it begins somewhere in a line, maybe where a stranger would like it to.
            _position = start + text.Length;
            return Encoding.UTF8.GetString(text).Split('\n').Skip(isCut ? 1 : 0);
        }
    }
}

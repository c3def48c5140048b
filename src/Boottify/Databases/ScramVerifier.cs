using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Boottify.Databases;

/// <summary>
/// What PostgreSQL keeps of a password (RFC 5803). Made here and sent instead of the password, which therefore cannot turn up
/// in the server's log of statements.
/// </summary>
internal static class ScramVerifier
{
    private const int Iterations = 4096;

    /// <param name="password">Printable ASCII, so that it means the same before and after string preparation.</param>
    /// <exception cref="ArgumentException">It holds other characters, or nothing.</exception>
    public static string Of(string password) => Of(password, RandomNumberGenerator.GetBytes(16));

    internal static string Of(string password, byte[] salt)
    {
        if (password.Length == 0 || password.Any(c => c is < ' ' or > '~'))
            throw new ArgumentException("The password is empty or holds characters other than printable ASCII.", nameof(password));
        var salted = Rfc2898DeriveBytes.Pbkdf2(Encoding.ASCII.GetBytes(password), salt, Iterations, HashAlgorithmName.SHA256, 32);
        var stored = SHA256.HashData(HMACSHA256.HashData(salted, "Client Key"u8));
        var server = HMACSHA256.HashData(salted, "Server Key"u8);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"SCRAM-SHA-256${Iterations}:{Convert.ToBase64String(salt)}${Convert.ToBase64String(stored)}:{Convert.ToBase64String(server)}");
    }
}

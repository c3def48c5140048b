using Boottify.Databases;

namespace Boottify.Tests.Databases;

public class ScramVerifierTests
{
    [Fact]
    public void A_verifier_is_the_one_that_the_standards_example_gives() =>
        // RFC 7677, section 3: user "user", password "pencil", salt W22ZaJ0SNY7soEsUEjb6gQ==, 4096 iterations.
        ScramVerifier.Of("pencil", Convert.FromBase64String("W22ZaJ0SNY7soEsUEjb6gQ=="))
            .Should().Be("SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=");

    [Theory]
    [InlineData("")]
    [InlineData("pässword")]
    [InlineData("line\nbreak")]
    public void A_password_that_could_be_read_in_two_ways_is_refused(string password) =>
        FluentActions.Invoking(() => ScramVerifier.Of(password)).Should().Throw<ArgumentException>();
}

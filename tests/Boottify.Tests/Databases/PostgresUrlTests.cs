using Boottify.Contracts.Databases;
using Boottify.Databases;
using Npgsql;

namespace Boottify.Tests.Databases;

public class PostgresUrlTests
{
    [Fact]
    public void Every_part_of_the_url_is_kept()
    {
        var parsed = PostgresUrl.Parse("postgres://boot:secret@127.0.0.1:5544/boottify");
        parsed.Host.Should().Be("127.0.0.1");
        parsed.Port.Should().Be(5544);
        parsed.Username.Should().Be("boot");
        parsed.Password.Should().Be("secret");
        parsed.Database.Should().Be("boottify");
    }

    [Theory]
    [InlineData("p@ss:w/rd")]
    [InlineData("a;b=c'd\"e")]
    [InlineData("ünï %20+&?#")]
    public void A_password_comes_back_as_it_was_written_whatever_it_holds(string password)
    {
        var url = PostgresUrl.Format("some one", password, "db.example:6000", "a/b");
        var read = new NpgsqlConnectionStringBuilder(PostgresUrl.ToConnectionString(url));
        read.Password.Should().Be(password);
        read.Username.Should().Be("some one");
        read.Database.Should().Be("a/b");
        read.Port.Should().Be(6000);
    }

    [Fact]
    public void The_port_is_5432_unless_named_and_postgresql_is_a_scheme_too() =>
        PostgresUrl.Parse("postgresql://u:p@db/x").Port.Should().Be(5432);

    [Fact]
    public void An_ipv6_host_loses_its_brackets() =>
        PostgresUrl.Parse("postgres://u:p@[::1]:5432/x").Host.Should().Be("::1");

    [Fact]
    public void Parameters_are_read_by_the_names_of_libpq()
    {
        var parsed = PostgresUrl.Parse("postgres://u:p@db/x?sslmode=verify-full&application_name=a%20b&connect_timeout=7&Maximum%20Pool%20Size=9");
        parsed.SslMode.Should().Be(SslMode.VerifyFull);
        parsed.ApplicationName.Should().Be("a b");
        parsed.Timeout.Should().Be(7);
        parsed.MaxPoolSize.Should().Be(9);
    }

    [Fact]
    public void A_socket_folder_may_stand_for_the_host() =>
        PostgresUrl.Parse("postgres:///x?host=/run/postgresql").Host.Should().Be("/run/postgresql");

    [Theory]
    [InlineData("")]
    [InlineData("secret")]
    [InlineData("mysql://u:secret@h/x")]
    [InlineData("postgres://u:secret@h")]
    [InlineData("postgres:///x")]
    [InlineData("postgres://u:secret@h/x?wrong=secret")]
    [InlineData("postgres://u:secret@h/x?sslmode=secret")]
    public void What_is_no_such_url_is_refused_by_the_settings_name_without_quoting_the_password(string url)
    {
        var refusal = FluentActions.Invoking(() => PostgresUrl.Parse(url, "BOOTTIFY_APP_DATABASE_URL")).Should().Throw<FormatException>().Which;
        refusal.Message.Should().StartWith("BOOTTIFY_APP_DATABASE_URL").And.Contain("Expected postgres://").And.NotContain("secret");
    }
}

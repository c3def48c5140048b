import './globals.css';

export const metadata = { title: 'Boottify sample', description: 'Which version is running?' };

export default function Layout({ children }) {
  return (
    <html lang="en">
      <body>{children}</body>
    </html>
  );
}

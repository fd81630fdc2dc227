/** First and last name, the day they were added, their days to set MFA up, and the day they did. */
export const PEOPLE = [
  ['Alice', 'Ames', 0, 7, 1], ['Bruno', 'Keller', 0, 7, 2], ['Chiara', 'Rossi', 0, 7, 2], ['Daniel', 'Okafor', 0, 7, 4],
  ['Elena', 'Petrova', 0, 7, 5], ['Farid', 'Haddad', 0, 7, null], ['Grace', 'Lindqvist', 1, 14, 6], ['Hana', 'Sato', 1, 14, 7],
  ['Ivan', 'Horvat', 2, 14, null], ['Julia', 'Weiss', 3, 14, 9], ['Kofi', 'Mensah', 3, 30, 8], ['Lea', 'Dubois', 4, 30, 9],
  ['Mateo', 'Garcia', 5, 30, 10], ['Nora', 'Nilsen', 6, null, 12], ['Omar', 'Farouk', 7, null, 13], ['Paula', 'Novak', 8, 14, 13],
  ['Quentin', 'Moreau', 9, 14, 15], ['Rosa', 'Silva', 10, 14, 16], ['Samuel', 'Berg', 11, 14, 17], ['Tara', 'Singh', 12, 30, 18],
  ['Umar', 'Aziz', 14, 7, null], ['Vera', 'Koch', 15, 7, null], ['Wei', 'Zhang', 16, 7, null], ['Xenia', 'Popa', 17, 7, null],
  ['Yusuf', 'Demir', 18, 7, null], ['Zoe', 'Martin', 19, 14, null], ['Anton', 'Fischer', 20, 14, null], ['Bea', 'Lopez', 20, 30, null],
  ['Carl', 'Jensen', 20, null, null], ['Dina', 'Costa', 20, null, null],
];

export const DAYS = 21;

export const emailOf = (first) => `${first.toLowerCase()}@acme.test`;

(** Rule "gram": bounds of the eigenvalues of the active rows of every cell, by trees over signs of rows. *)

From Coq Require Import List Bool ZArith QArith Qreals Reals Lra Lia Arith.
From Proof Require Import Layers Stability Streams Integers Rows Domains Interior Elimination Tables Combinations OneLayer Sums.
From Proof.rules Require Import SignSplit.
Import ListNotations.
Open Scope Z_scope.

(** * The checker *)

(** A side: its bound, pairs of opposite rows, circuits and tree. *)
Record gram_side := GramSide {
  bound : Q; opposites : list (Z * Z); gram_circuits : stream (list (Z * Z)); gram_tokens : stream Z }.

(** Symmetric matrices: of each row what is not left of the diagonal. *)
Definition triangle := list (list Z).

Fixpoint outer_square (k : Z) (w : list Z) : triangle :=
  match w with [] => [] | a :: w' => map (fun b => k * a * b) w :: outer_square k w' end.

(** p T - q U. *)
Fixpoint combined_triangles (p : Z) (T : triangle) (q : Z) (U : triangle) : triangle :=
  match T, U with
  | t :: T', u :: U' => combined p t q u :: combined_triangles p T' q U'
  | [], _ => map (fun u => combined p [] q u) U
  | _, [] => map (fun t => combined p t q []) T
  end.

Fixpoint diagonal (n : nat) (k : Z) : triangle :=
  match n with O => [] | S n' => (k :: repeat 0 n') :: diagonal n' k end.

Definition with_square (scale : Z) (T : triangle) (w : list Z) : triangle := combined_triangles 1 T (- scale) (outer_square 1 w).

Fixpoint all_quotients (d : Z) (T : triangle) : option triangle :=
  match T with
  | [] => Some []
  | t :: T' => match quotients d t, all_quotients d T' with Some u, Some U => Some (u :: U) | _, _ => None end
  end.

Definition divided_triangle (d : Z) (T : triangle) : triangle :=
  if 1 <? d then match all_quotients d T with Some U => U | None => T end else T.

(** No eigenvalue is negative: by elimination; the last pivot divides the new entries (Bareiss). *)
Fixpoint semidefinite (size : nat) (divisor : Z) (T : triangle) : bool :=
  match T, size with
  | [], _ => true
  | (d :: r) :: T', S size' =>
      if d <? 0 then false
      else if d =? 0 then forallb (fun a => a =? 0) r && semidefinite size' divisor T'
      else semidefinite size' d (divided_triangle divisor (combined_triangles d T' 1 (outer_square 1 r)))
  | _, _ => false
  end.

Definition is_zero_row (r : integer_row) : bool := forallb (fun a => a =? 0) (weights r) && (constant r =? 0).

(** A circuit: at no generic point deep inside are its positive rows all strictly negative and its negative rows nonnegative. *)
Definition gram_signs (m : Z) (K : integer_domain) (functions : table integer_row) (pairs : list (Z * Z)) : outcome signs :=
  match terms_of functions 0 pairs with
  | Bad why => Bad why
  | Good ts =>
      let positive := filter (is_positive_row m) ts in
      let negative := filter is_negative ts in
      if negb (forallb (fun t => negb (multiplier t =? 0)) ts) then Bad WrongMultiplier
      else if negb (forallb (is_row m) negative) then Bad NegativeHalfspace
      else if match positive, negative with [], [] => true | _, _ => false end then Bad NoRowOfLayer
      else if negb (sum_nonnegative K ts) then Bad NotNonnegative
      else
        match positive with
        | [] => if existsb (fun t => negb (is_zero_row (function t))) negative then Good ([], map plain negative) else Bad ZeroRows
        | _ => Good (map plain positive, map plain negative)
        end
  end.

Fixpoint read_gram_circuits (m : Z) (K : integer_domain) (functions : table integer_row)
  (circuits : stream (list (Z * Z))) (found : table signs) : outcome (table signs) :=
  match circuits with
  | Done => Good found
  | More pairs rest =>
      match gram_signs m K functions pairs with
      | Good s => read_gram_circuits m K functions rest (with_entry found s)
      | Bad why => Bad why
      end
  end.

(** Two rows that are opposite, and which is the shorter one. *)
Record opposite := Opposite { one : Z; other : Z; one_row : integer_row; other_row : integer_row; one_is_shorter : bool }.

Fixpoint first_entries (w u : list Z) : Z * Z :=
  match w, u with
  | a :: w', b :: u' => if a =? 0 then first_entries w' u' else (a, b)
  | _, _ => (0, 0)
  end.

(** c w_i + a w_j = 0 and c b_i + a b_j >= 0 with positive a and c: not both are strictly negative. *)
Definition opposite_of (functions : table integer_row) (m i j : Z) : outcome opposite :=
  match entry functions i, entry functions j with
  | Some r, Some s =>
      let (p, q) := first_entries (weights r) (weights s) in
      let a := Z.abs p in
      let c := Z.abs q in
      if negb ((i <? m) && (j <? m)) then Bad PairRow
      else if negb ((p * q <? 0) && forallb (fun z => z =? 0) (combined c (weights r) (- a) (weights s))) then Bad (NoOpposites i j)
      else if c * constant r + a * constant s <? 0 then Bad (BothInactive i j)
      else Good (Opposite i j r s (a <=? c))
  | _, _ => Bad PairRow
  end.

Fixpoint opposites_of (functions : table integer_row) (m : Z) (pairs : list (Z * Z)) : outcome (list opposite) :=
  match pairs with
  | [] => Good []
  | (i, j) :: pairs' =>
      match opposite_of functions m i j with
      | Bad why => Bad why
      | Good p => match opposites_of functions m pairs' with Good ps => Good (p :: ps) | Bad why => Bad why end
      end
  end.

Fixpoint all_different (seen : Z) (l : list Z) : bool :=
  match l with [] => true | i :: l' => (0 <=? i) && negb (member seen i) && all_different (with_member seen i) l' end.

Fixpoint named_in (pairs : list (Z * Z)) : list Z :=
  match pairs with [] => [] | (i, j) :: pairs' => i :: j :: named_in pairs' end.

Section Walk.

Variable size : nat.
Variable scale : Z.
Variable pairs : list opposite.
Variable circuits : table signs.

(** Of each pair that is not in P one row is nonnegative: it, or the shorter one, counts. *)
Fixpoint with_pairs (T : triangle) (P Q : Z) (ps : list opposite) : triangle :=
  match ps with
  | [] => T
  | p :: ps' =>
      if member P (one p) || member P (other p) then with_pairs T P Q ps'
      else
        let counted :=
          if member Q (other p) then one_row p
          else if member Q (one p) then other_row p
          else if one_is_shorter p then one_row p else other_row p in
        with_pairs (with_square scale T (weights counted)) P Q ps'
  end.

Definition gram_reader := triangle -> Z -> Z -> stream Z -> outcome (stream Z).

Fixpoint gram_children (read : gram_reader) (T : triangle) (P : Z) (C : list term) (Q : Z) (tokens : stream Z) : outcome (stream Z) :=
  match C with
  | [] => Good tokens
  | t :: C' =>
      let i := row_number t in
      if member Q i then gram_children read T P C' Q tokens
      else
        match read (with_square scale T (weights (function t))) (with_member P i) Q tokens with
        | Good rest => gram_children read T P C' (with_member Q i) rest
        | Bad why => Bad why
        end
  end.

(** [T] is the matrix of P, whose rows are nonnegative; those of Q are strictly negative. *)
Fixpoint read_gram_node {A : Type} (fuel : list A) (T : triangle) (P Q : Z) (tokens : stream Z) {struct fuel} : outcome (stream Z) :=
  match fuel, tokens with
  | [], _ => Bad TooFewRows
  | _, Done => Bad TreeEnds
  | _ :: fuel', More token rest =>
      if token =? -1 then if semidefinite size 1 (with_pairs T P Q pairs) then Good rest else Bad NotReached
      else
        match entry circuits token with
        | None => Bad (NoSuchEntry token)
        | Some (positive, negative) =>
            match first_with false P negative, first_with true P positive with
            | Some i, _ => Bad (NotNonnegativeRow i)
            | None, Some i => Bad (NonnegativeRow i)
            | None, None => gram_children (read_gram_node fuel') T P positive Q rest
            end
        end
  end.

End Walk.

(** The rows over one denominator. *)
Fixpoint over_common (d : Z) (rows : list integer_row) : option (list integer_row) :=
  match rows with
  | [] => Some []
  | r :: rows' =>
      let f := Z.quot d (denominator r) in
      if f * denominator r =? d then
        match over_common d rows' with
        | Some rest =>
            let w := map (fun a => f * a) (weights r) in
            Some (IntegerRow (number r) w (f * constant r) d (remainders_of w) :: rest)
        | None => None
        end
      else None
  end.

Definition common_of (rows : list integer_row) : Z := fold_left (fun d r => Z.lcm d (denominator r)) rows 1.

Fixpoint with_squares (scale : Z) (T : triangle) (rows : list integer_row) : triangle :=
  match rows with [] => T | r :: rows' => with_square scale (with_squares scale T rows') (weights r) end.

(** The matrix without rows: minus a, or b minus all rows. *)
Definition start_of (above : bool) (n : nat) (d : Z) (b : Q) (rows : list integer_row) : triangle :=
  let identity := diagonal n (Qnum b * (d * d)) in
  if above then with_squares (- Zpos (Qden b)) identity rows else diagonal n (- (Qnum b * (d * d))).

Definition check_gram_rows (above : bool) (n : nat) (IK : integer_domain) (d : Z) (rows : list integer_row) (side : gram_side) : outcome unit :=
  let of_layer := with_entries no_entries rows in
  let m := size of_layer in
  let functions := with_entries of_layer (halfspaces IK) in
  if negb (all_different 0 (named_in (opposites side)) && forallb (fun i => i <? m) (named_in (opposites side))) then Bad PairRow
  else
    match opposites_of functions m (opposites side) with
    | Bad why => Bad why
    | Good pairs =>
        match read_gram_circuits m IK functions (gram_circuits side) no_entries with
        | Bad why => Bad why
        | Good found =>
            match read_gram_node n (Zpos (Qden (bound side))) pairs found (tt :: map (fun _ => tt) rows)
              (start_of above n d (bound side) rows) 0 0 (gram_tokens side) with
            | Good Done => Good tt
            | Good (More _ _) => Bad TreeGoesOn
            | Bad why => Bad why
            end
        end
    end.

Definition check_gram_side (above : bool) (n : nat) (IK : integer_domain) (layer : list row) (side : gram_side) : outcome unit :=
  match integer_rows n 0 layer with
  | None => Bad WrongShape
  | Some given =>
      let d := common_of given in
      match over_common d given with
      | Some rows => if 0 <? d then check_gram_rows above n IK d rows side else Bad WrongShape
      | None => Bad WrongShape
      end
  end.

Definition turned (r : row) : row := Row (map Qopp (normal r)) (Qopp (bias r)).

(** Both sides, below first; above, the rows are those of the layer with all signs turned. *)
Definition check_gram (n : nat) (K : domain) (layer : list row) (below : gram_side) (above : delayed gram_side) : outcome unit :=
  match integer_domain_of n K with
  | None => Bad WrongDomain
  | Some IK =>
      match check_gram_side false n IK layer below with
      | Bad why => Bad why
      | Good _ => check_gram_side true n IK (map turned layer) (force above)
      end
  end.

Open Scope R_scope.

(** * Quadratic forms *)

Definition row_form (t : list Z) (v : point) : R := v 0%nat * (2 * idot t v - IZR (hd 0%Z t) * v 0%nat).

Fixpoint form (T : triangle) (v : point) : R :=
  match T with [] => 0 | t :: T' => row_form t v + form T' (fun j => v (S j)) end.

Lemma idot_combined : forall p y q z x, idot (combined p y q z) x = IZR p * idot y x - IZR q * idot z x.
Proof.
  intros p y q. induction y as [|a y IH]; intros z x; cbn [combined].
  - revert x. induction z as [|b z IHz]; intro x; simpl; [ring|]. simpl in IHz. rewrite IHz, opp_IZR, mult_IZR. ring.
  - destruct z as [|b z]; [rewrite idot_scaled; simpl; ring|]. cbn [idot]. rewrite IH, minus_IZR, !mult_IZR. ring.
Qed.

Lemma row_form_combined : forall p t q u v, row_form (combined p t q u) v = IZR p * row_form t v - IZR q * row_form u v.
Proof.
  intros p t q u v. unfold row_form. rewrite idot_combined.
  assert (E : IZR (hd 0%Z (combined p t q u)) = IZR p * IZR (hd 0%Z t) - IZR q * IZR (hd 0%Z u)).
  { destruct t as [|a t], u as [|b u]; cbn [combined map hd]; rewrite ?minus_IZR, ?opp_IZR, ?mult_IZR; ring. }
  rewrite E. ring.
Qed.

Lemma row_form_nil : forall v, row_form [] v = 0.
Proof. intro v. unfold row_form. simpl. ring. Qed.

Lemma form_combined : forall p T q U v, form (combined_triangles p T q U) v = IZR p * form T v - IZR q * form U v.
Proof.
  intros p T q. induction T as [|t T IH]; intros U v; cbn [combined_triangles].
  - cbn [form]. revert v. induction U as [|u U IHU]; intro v; cbn [map form]; [ring|].
    rewrite IHU, row_form_combined, row_form_nil. ring.
  - destruct U as [|u U].
    + assert (E : forall T v, form (map (fun t => combined p t q []) T) v = IZR p * form T v).
      { clear. induction T as [|t T IHT]; intro v; cbn [map form]; [ring|]. rewrite IHT, row_form_combined, row_form_nil. ring. }
      cbn [map form]. rewrite E, row_form_combined, row_form_nil. ring.
    + cbn [form]. rewrite IH, row_form_combined. ring.
Qed.

Lemma form_outer_square : forall k w v, form (outer_square k w) v = IZR k * (idot w v * idot w v).
Proof.
  intros k. induction w as [|a w IH]; intro v; cbn [outer_square form]; [simpl; ring|].
  rewrite IH. unfold row_form. rewrite (idot_scaled (k * a) (a :: w)). cbn [map hd idot]. rewrite !mult_IZR. ring.
Qed.

Lemma form_with_square : forall scale T w v, form (with_square scale T w) v = form T v + IZR scale * (idot w v * idot w v).
Proof. intros. unfold with_square. rewrite form_combined, form_outer_square, opp_IZR. ring. Qed.

Lemma form_diagonal : forall n k v, form (diagonal n k) v = IZR k * square_length n v.
Proof.
  unfold square_length. induction n as [|n IH]; intros k v; cbn [diagonal form repeat square_distance]; [ring|].
  rewrite IH, Q2R_zero. unfold row_form. cbn [hd idot].
  assert (E : forall m (u : point), idot (repeat 0%Z m) u = 0).
  { induction m as [|m IHm]; intro u; [reflexivity|]. cbn [repeat idot]. rewrite IHm. ring. }
  rewrite E. ring.
Qed.

Lemma row_form_quotients : forall d y z v, quotients d y = Some z -> IZR d * row_form z v = row_form y v.
Proof.
  intros d y z v H. assert (I : forall y z v, quotients d y = Some z -> IZR d * idot z v = idot y v).
  { clear. induction y as [|a y IH]; intros z v H; cbn [quotients] in H; [injection H as <-; simpl; ring|].
    pose proof (Z.quotrem_eq a d) as E. destruct (Z.quotrem a d) as [q r]. destruct (r =? 0)%Z eqn:R; [|discriminate].
    apply Z.eqb_eq in R. destruct (quotients d y) as [rest|]; [|discriminate]. injection H as <-. cbn [idot].
    rewrite Rmult_plus_distr_l, (IH rest _ eq_refl), E, R, Z.add_0_r, mult_IZR. ring. }
  assert (HD : IZR d * IZR (hd 0%Z z) = IZR (hd 0%Z y)).
  { destruct y as [|a y]; cbn [quotients] in H; [injection H as <-; simpl; ring|].
    pose proof (Z.quotrem_eq a d) as E. destruct (Z.quotrem a d) as [q r]. destruct (r =? 0)%Z eqn:R; [|discriminate].
    apply Z.eqb_eq in R. destruct (quotients d y) as [rest|]; [|discriminate]. injection H as <-. cbn [hd].
    rewrite E, R, Z.add_0_r, mult_IZR. ring. }
  unfold row_form. rewrite <- (I y z v H), <- HD. ring.
Qed.

Lemma form_divided : forall d T, exists f, 0 < f /\ forall v, f * form (divided_triangle d T) v = form T v.
Proof.
  intros d T. unfold divided_triangle. destruct (1 <? d)%Z eqn:D; [|exists 1; split; [lra|intro; ring]].
  destruct (all_quotients d T) as [U|] eqn:Q; [|exists 1; split; [lra|intro; ring]].
  apply Z.ltb_lt in D. exists (IZR d). split; [apply (IZR_lt 0); lia|]. revert U Q.
  induction T as [|t T IH]; intros U Q v; cbn [all_quotients] in Q; [injection Q as <-; simpl; ring|].
  destruct (quotients d t) as [u|] eqn:QT; [|discriminate]. destruct (all_quotients d T) as [V|]; [|discriminate].
  injection Q as <-. cbn [form]. rewrite Rmult_plus_distr_l, (IH V eq_refl), (row_form_quotients d t u v QT). reflexivity.
Qed.

Theorem semidefinite_sound : forall size divisor T, semidefinite size divisor T = true -> forall v, 0 <= form T v.
Proof.
  induction size as [|size IH]; intros divisor T H v; destruct T as [|[|d r] T]; cbn [semidefinite] in H; try discriminate;
    try (cbn [form]; lra).
  destruct (d <? 0)%Z eqn:N; [discriminate|]. apply Z.ltb_ge in N. cbn [form]. unfold row_form. cbn [hd idot].
  set (v0 := v 0%nat). set (u := fun j => v (S j)). destruct (d =? 0)%Z eqn:Z0.
  - apply Z.eqb_eq in Z0. subst d. apply andb_prop in H as [R H]. specialize (IH divisor T H u). rewrite (zeros_idot r u R). lra.
  - apply Z.eqb_neq in Z0. assert (D : 0 < IZR d) by (apply (IZR_lt 0); lia).
    destruct (form_divided divisor (combined_triangles d T 1 (outer_square 1 r))) as (f & F & E).
    specialize (IH d _ H u). specialize (E u). rewrite form_combined, form_outer_square in E.
    assert (P : 0 <= f * form (divided_triangle divisor (combined_triangles d T 1 (outer_square 1 r))) u) by (apply Rmult_le_pos; lra).
    rewrite E in P. apply Rmult_le_reg_l with (IZR d); [exact D|].
    replace (IZR d * (v0 * (2 * (IZR d * v0 + idot r u) - IZR d * v0) + form T u))
      with ((IZR d * v0 + idot r u) * (IZR d * v0 + idot r u) + (IZR d * form T u - 1 * (1 * (idot r u * idot r u)))) by ring.
    assert (Q := Rle_0_sqr (IZR d * v0 + idot r u)). unfold Rsqr in Q. lra.
Qed.

(** * Circuits *)

Lemma total_strictly : forall x d ts g beta, total d ts = Some (g, beta) ->
  (forall t, In t ts -> pulls_down x t) ->
  (exists t, In t ts /\ IZR (multiplier t) * value (function t) x < 0) -> idot g x + IZR beta < 0.
Proof.
  induction ts as [|t ts IH]; intros g beta H D (s & I & N); cbn [total] in H; [destruct I|].
  set (q := (d ÷ denominator (function t))%Z) in H. destruct (0 <? q)%Z eqn:Q; [|discriminate].
  apply Z.ltb_lt, (IZR_lt 0) in Q. destruct (total d ts) as [[g' beta']|] eqn:T; [|discriminate]. injection H as <- <-.
  assert (E : idot (added g' (multiplier t * q) (weights (function t))) x + IZR (beta' + multiplier t * q * constant (function t))
    = (idot g' x + IZR beta') + IZR q * (IZR (multiplier t) * value (function t) x)).
  { rewrite idot_added, plus_IZR, !mult_IZR. unfold value. ring. }
  rewrite E. destruct (total_pulled_down x d ts g' beta' T (fun r R => D r (or_intror R))) as [B _].
  assert (P : IZR (multiplier t) * value (function t) x <= 0).
  { destruct (D t (or_introl eq_refl)) as [[M V]|[M V]]; apply IZR_lt in M; nra. }
  destruct I as [<-|I].
  - nra.
  - assert (idot g' x + IZR beta' < 0); [|nra]. apply (IH g' beta' eq_refl (fun r R => D r (or_intror R))). exists s. auto.
Qed.

Section Circuits.

Variable n : nat.
Variable K : domain.
Variable IK : integer_domain.
Variable m : Z.
Variable functions : table integer_row.
Variable x : point.
Hypothesis made : domain_made n K IK.
Hypothesis lengths : forall t, named functions t -> length (weights (function t)) = n.
Hypothesis halfspaces_below : forall t, named functions t -> is_row m t = false -> forall x, inside n K x -> value (function t) x <= 0.
Hypothesis inside_x : inside n K x.
Hypothesis generic_x : forall t, named functions t -> is_row m t = true -> value (function t) x = 0 -> is_zero_row (function t) = true.

Lemma gram_signs_sound : forall pairs positive negative, gram_signs m IK functions pairs = Good (positive, negative) ->
  shows m functions x (positive, negative).
Proof.
  intros pairs positive negative H. unfold gram_signs in H.
  destruct (terms_of functions 0 pairs) as [ts|] eqn:E; [|discriminate]. assert (N := terms_of_named _ _ _ _ E).
  set (pos := filter (is_positive_row m) ts) in H. set (neg := filter is_negative ts) in H.
  destruct (negb (forallb (fun t => negb (multiplier t =? 0)) ts)) eqn:NZ; [discriminate|].
  destruct (negb (forallb (is_row m) neg)) eqn:NR; [discriminate|].
  destruct (match pos, neg with [], [] => true | _, _ => false end); [discriminate|].
  destruct (negb (sum_nonnegative IK ts)) eqn:S; [discriminate|].
  apply negb_false_iff in NZ, NR, S. rewrite forallb_forall in NZ, NR.
  assert (R : (positive, negative) = (map plain pos, map plain neg) /\
    (pos = [] -> existsb (fun t => negb (is_zero_row (function t))) neg = true)).
  { destruct pos as [|t0 pos'].
    - destruct (existsb _ neg); [|discriminate]. injection H as <- <-. auto.
    - injection H as <- <-. split; [reflexivity|discriminate]. }
  clear H. destruct R as [R ZC]. injection R as -> ->. unfold shows. cbn [fst snd]. split; [|split].
  - unfold usable. apply plain_meets; [auto|]. intros t T. apply filter_In in T as [T P]. split; [apply N, T|]. apply andb_prop in P. tauto.
  - unfold usable. apply plain_meets; [auto|]. intros t T. split; [|apply NR, T]. apply filter_In in T as [T _]. apply N, T.
  - intros NP. apply plain_exists.
    assert (NN : forall t, In t neg -> 0 <= value (function t) x) by (intros t T; apply (NP (plain t)), in_map, T).
    destruct (some_nonnegative pos x) as [G|L]; [exact G|exfalso].
    destruct (sum_nonnegative_spec n K IK functions made lengths ts S N) as (g & beta & T & B).
    assert (PD : forall t, In t ts -> pulls_down x t).
    { intros t I. specialize (NZ t I). apply negb_true_iff, Z.eqb_neq in NZ.
      destruct (Z.lt_ge_cases (multiplier t) 0) as [M|M].
      - right. split; [exact M|]. apply NN, filter_In. split; [exact I|]. apply Z.ltb_lt, M.
      - left. split; [lia|]. destruct (is_row m t) eqn:R.
        + apply Rlt_le, L, filter_In. split; [exact I|]. unfold is_positive_row. rewrite R. simpl. apply Z.ltb_lt. lia.
        + apply halfspaces_below; auto. }
    specialize (B x inside_x). assert (ST : exists t, In t ts /\ IZR (multiplier t) * value (function t) x < 0).
    { destruct pos as [|t0 pos'] eqn:PE.
      - specialize (ZC eq_refl). apply existsb_exists in ZC as (t & I & Z0). apply negb_true_iff in Z0.
        assert (I' := I). unfold neg in I'. apply filter_In in I' as [I1 I2]. apply Z.ltb_lt, IZR_lt in I2.
        exists t. split; [exact I1|]. assert (V := NN t I).
        assert (value (function t) x <> 0); [|nra]. intro V0. rewrite (generic_x t (N t I1) (NR t I) V0) in Z0. discriminate.
      - assert (I : In t0 pos) by (rewrite PE; left; reflexivity).
        unfold pos in I. apply filter_In in I as [I1 I2]. apply andb_prop in I2 as [_ I2]. apply Z.ltb_lt, (IZR_lt 0) in I2.
        exists t0. split; [exact I1|]. specialize (L t0 (or_introl eq_refl)). nra. }
    assert (ST' := total_strictly x _ ts g beta T PD ST). lra.
Qed.

Lemma read_gram_circuits_sound : forall circuits found result, read_gram_circuits m IK functions circuits found = Good result ->
  all_cells (shows m functions x) found -> all_cells (shows m functions x) result.
Proof.
  induction circuits as [|pairs rest IH]; intros found result H A; cbn [read_gram_circuits] in H.
  - injection H as <-. exact A.
  - destruct (gram_signs m IK functions pairs) as [[positive negative]|] eqn:E; [|discriminate].
    apply (IH _ _ H). apply all_cells_with; [exact A|]. apply (gram_signs_sound pairs positive negative E).
Qed.

End Circuits.

(** * Pairs *)

(** Not both rows are strictly negative at x, and the shorter one has the smaller product with v. *)
Definition opposed (functions : table integer_row) (m : Z) (x v : point) (p : opposite) : Prop :=
  ((one p < m)%Z /\ (other p < m)%Z) /\
  entry functions (one p) = Some (one_row p) /\ entry functions (other p) = Some (other_row p) /\
  (0 <= value (one_row p) x \/ 0 <= value (other_row p) x) /\
  let s := idot (weights (one_row p)) v * idot (weights (one_row p)) v in
  let t := idot (weights (other_row p)) v * idot (weights (other_row p)) v in
  if one_is_shorter p then s <= t else t <= s.

Lemma opposite_of_sound : forall functions m i j p, opposite_of functions m i j = Good p ->
  one p = i /\ other p = j /\ forall x v, opposed functions m x v p.
Proof.
  intros functions m i j p H. unfold opposite_of in H.
  destruct (entry functions i) as [r|] eqn:R; [|discriminate]. destruct (entry functions j) as [s|] eqn:S; [|discriminate].
  destruct (first_entries (weights r) (weights s)) as [a c]. destruct (negb ((i <? m) && (j <? m)))%Z eqn:IJ; [discriminate|].
  apply negb_false_iff, andb_prop in IJ as [IM JM]. apply Z.ltb_lt in IM, JM.
  destruct (negb _) eqn:O; [discriminate|]. destruct (_ <? 0)%Z eqn:C in H; [discriminate|]. injection H as <-.
  split; [reflexivity|]. split; [reflexivity|]. intros x v. apply negb_false_iff in O. apply andb_prop in O as [N Z0].
  apply Z.ltb_lt in N. apply Z.ltb_ge in C. apply IZR_le in C. rewrite plus_IZR, !mult_IZR in C.
  assert (A0 : (0 < Z.abs a)%Z) by lia. assert (C0 : (0 < Z.abs c)%Z) by lia. apply (IZR_lt 0) in A0, C0.
  assert (E : forall u, IZR (Z.abs c) * idot (weights r) u + IZR (Z.abs a) * idot (weights s) u = 0).
  { intro u. assert (Q := zeros_idot _ u Z0). rewrite idot_combined, opp_IZR in Q. lra. }
  split; [split; assumption|]. split; [exact R|]. split; [exact S|]. cbn [one_row other_row one_is_shorter]. split.
  - destruct (Rle_or_lt 0 (value r x)) as [L|L]; [left; exact L|]. right. specialize (E x). unfold value in *.
    apply Rmult_le_reg_l with (IZR (Z.abs a)); [exact A0|]. rewrite Rmult_0_r.
    assert (IZR (Z.abs c) * (idot (weights r) x + IZR (constant r)) <= IZR (Z.abs c) * 0) by (apply Rmult_le_compat_l; lra). lra.
  - specialize (E v). set (s0 := idot (weights r) v) in *. set (t0 := idot (weights s) v) in *.
    set (ca := IZR (Z.abs a)) in *. set (cc := IZR (Z.abs c)) in *.
    assert (Q : cc * cc * (s0 * s0) = ca * ca * (t0 * t0)).
    { assert (X : cc * s0 = - (ca * t0)) by lra. replace (cc * cc * (s0 * s0)) with (cc * s0 * (cc * s0)) by ring. rewrite X. ring. }
    cbn zeta.
    destruct (Z.abs a <=? Z.abs c)%Z eqn:L.
    + apply Z.leb_le, IZR_le in L. fold ca cc in L. apply Rmult_le_reg_l with (cc * cc); [nra|]. rewrite Q.
      apply Rmult_le_compat_r; [apply Rle_0_sqr|]. apply Rmult_le_compat; lra.
    + apply Z.leb_gt, IZR_lt in L. fold ca cc in L. apply Rmult_le_reg_l with (ca * ca); [nra|]. rewrite <- Q.
      apply Rmult_le_compat_r; [apply Rle_0_sqr|]. apply Rmult_le_compat; lra.
Qed.

Lemma opposites_of_sound : forall functions m pairs ps, opposites_of functions m pairs = Good ps ->
  named_in (map (fun p => (one p, other p)) ps) = named_in pairs /\ forall x v p, In p ps -> opposed functions m x v p.
Proof.
  induction pairs as [|[i j] pairs IH]; intros ps H; cbn [opposites_of] in H.
  - injection H as <-. split; [reflexivity|]. intros x v p [].
  - destruct (opposite_of functions m i j) as [p|] eqn:P; [|discriminate].
    destruct (opposites_of functions m pairs) as [rest|]; [|discriminate]. injection H as <-.
    destruct (IH rest eq_refl) as [N A]. destruct (opposite_of_sound _ _ _ _ _ P) as (EO & ET & O). split.
    + cbn [map named_in]. rewrite EO, ET, N. reflexivity.
    + intros x v q [<-|Q]; [apply O|apply A, Q].
Qed.

Lemma all_different_spec : forall l seen, all_different seen l = true ->
  NoDup l /\ forall i, In i l -> member seen i = false /\ (0 <= i)%Z.
Proof.
  induction l as [|a l IH]; intros seen H; [split; [constructor|intros i []]|]. cbn [all_different] in H.
  apply andb_prop in H as [H D]. apply andb_prop in H as [A M]. apply Z.leb_le in A. apply negb_true_iff in M.
  destruct (IH _ D) as [ND S]. split.
  - constructor; [|exact ND]. intro I. destruct (S a I) as [F _]. rewrite member_with_self in F by exact A. discriminate.
  - intros i [<-|I]; [auto|]. destruct (S i I) as [F P]. split; [|exact P].
    destruct (member seen i) eqn:E; [|reflexivity]. rewrite (member_with_other _ _ _ A E) in F. discriminate.
Qed.

(** * The tree *)

Section Tree.

Variable n : nat.
Variable m : Z.
Variable functions : table integer_row.
Variables x v : point.
Variable scale : Z.
Variable pairs : list opposite.
Hypothesis scale_positive : 0 < IZR scale.
Hypothesis pairs_opposed : forall p, In p pairs -> opposed functions m x v p.
Hypothesis pairs_different : NoDup (named_in (map (fun p => (one p, other p)) pairs)).
(** The form without rows, at v. *)
Variable base : R.

(** <w_i, v>^2 for the row i. *)
Definition share (i : Z) : R := match entry functions i with Some r => idot (weights r) v * idot (weights r) v | None => 0 end.

Definition nonnegative_row (i : Z) : Prop := (i < m)%Z /\ exists r, entry functions i = Some r /\ 0 <= value r x.

(** A matrix that is at most that of some different rows, which are nonnegative and have a property. *)
Definition below_rows (T : triangle) (has : Z -> Prop) : Prop :=
  exists chosen, NoDup chosen /\ (forall i, In i chosen -> nonnegative_row i /\ has i) /\
    form T v <= base + IZR scale * sum chosen share.

(** Some different nonnegative rows make the form nonnegative. *)
Definition enough_rows : Prop :=
  exists chosen, NoDup chosen /\ (forall i, In i chosen -> nonnegative_row i) /\ 0 <= base + IZR scale * sum chosen share.

Lemma add_row : forall T w (has has' : Z -> Prop) i r, below_rows T has -> (i < m)%Z -> entry functions i = Some r -> 0 <= value r x ->
  idot (weights w) v * idot (weights w) v <= idot (weights r) v * idot (weights r) v ->
  (forall k, has k -> k <> i /\ has' k) -> has' i -> below_rows (with_square scale T (weights w)) has'.
Proof.
  intros T w has has' i r (chosen & ND & C & F) IM E V LE HH HI. exists (i :: chosen). split; [|split].
  - constructor; [|exact ND]. intro I. apply C in I as [_ I]. apply HH in I. destruct I as [I _]. apply I. reflexivity.
  - intros k [<-|K]; [split; [split; [exact IM|exists r; auto]|exact HI]|]. destruct (C k K) as [A B]. split; [exact A|apply HH, B].
  - rewrite form_with_square, sum_cons. unfold share at 1. rewrite E. nra.
Qed.

Lemma with_pairs_sound : forall ps P Q, incl ps pairs -> NoDup (named_in (map (fun p => (one p, other p)) ps)) ->
  (forall k r, member Q k = true -> entry functions k = Some r -> value r x < 0) ->
  forall T, below_rows T (fun i => member P i = true \/ ~ In i (named_in (map (fun p => (one p, other p)) ps))) ->
  exists has, below_rows (with_pairs scale T P Q ps) has.
Proof.
  induction ps as [|p ps IH]; intros P Q I ND AQ T B; [eexists; exact B|]. cbn [with_pairs].
  destruct (pairs_opposed p (I p (or_introl eq_refl))) as ((OM & TM) & EO & ET & OR & SH).
  cbn [map named_in] in ND, B. inversion ND as [|? ? N1 ND1]; subst. inversion ND1 as [|? ? N2 ND2]; subst.
  assert (I' : incl ps pairs) by (intros q Q'; apply I; right; exact Q').
  destruct (member P (one p) || member P (other p))%bool eqn:MP.
  - apply (IH P Q I' ND2 AQ). destruct B as (chosen & ND' & C & F). exists chosen. split; [exact ND'|]. split; [|exact F].
    intros i IC. destruct (C i IC) as [A [M|M]]; split; auto. right. intro K. apply M. right. right. exact K.
  - apply orb_false_elim in MP as [MO MT].
    assert (ADD : forall w i r, i = one p \/ i = other p -> entry functions i = Some r -> 0 <= value r x ->
      idot (weights w) v * idot (weights w) v <= idot (weights r) v * idot (weights r) v ->
      exists has, below_rows (with_pairs scale (with_square scale T (weights w)) P Q ps) has).
    { intros w i r WI E V LE. apply (IH P Q I' ND2 AQ).
      apply (add_row T w (fun k => member P k = true \/ ~ In k (one p :: other p :: named_in (map (fun p => (one p, other p)) ps))) _ i r B ltac:(destruct WI as [->| ->]; assumption) E V LE).
      - intros k [M|M].
        + split; [intros ->; destruct WI as [->| ->]; congruence|left; exact M].
        + split; [intros ->; apply M; destruct WI as [->| ->]; cbn [In]; auto|]. right. intro K. apply M. right. right. exact K.
      - right. destruct WI as [->| ->]; [|exact N2]. intro K. apply N1. right. exact K. }
    destruct (member Q (other p)) eqn:QT.
    + assert (NT := AQ _ _ QT ET). apply (ADD (one_row p) (one p) (one_row p)); auto; [destruct OR as [L|L]; lra|lra].
    + destruct (member Q (one p)) eqn:QO.
      * assert (NT := AQ _ _ QO EO). apply (ADD (other_row p) (other p) (other_row p)); auto; [destruct OR as [L|L]; lra|lra].
      * cbn zeta in SH. destruct (one_is_shorter p), OR as [L|L].
        -- apply (ADD (one_row p) (one p) (one_row p)); auto. lra.
        -- apply (ADD (one_row p) (other p) (other_row p)); auto.
        -- apply (ADD (other_row p) (one p) (one_row p)); auto.
        -- apply (ADD (other_row p) (other p) (other_row p)); auto. lra.
Qed.

Definition gram_claims (read : gram_reader) : Prop :=
  forall T P Q tokens rest, read T P Q tokens = Good rest ->
    below_rows T (fun i => member P i = true) -> all_nonnegative functions x P -> all_negative functions x Q -> enough_rows.

Hypothesis lengths_natural : forall t, named functions t -> (0 <= row_number t)%Z.

Lemma gram_children_sound : forall read, gram_claims read ->
  forall T P C Q tokens rest, gram_children scale read T P C Q tokens = Good rest ->
    below_rows T (fun i => member P i = true) -> all_nonnegative functions x P -> all_negative functions x Q ->
    (forall t, In t C -> (named functions t /\ is_row m t = true) /\ member P (row_number t) = false) ->
    (exists t, In t C /\ 0 <= value (function t) x) -> enough_rows.
Proof.
  intros read R T P C. induction C as [|t C IH]; intros Q tokens rest H B AP AQ U (t0 & I & V0); [destruct I|].
  assert (U' : forall s, In s C -> (named functions s /\ is_row m s = true) /\ member P (row_number s) = false) by (intros s Hs; apply U; right; exact Hs).
  destruct (U t (or_introl eq_refl)) as [[TN TM] TP]. apply Z.ltb_lt in TM. assert (T0 := lengths_natural t TN). cbn [gram_children] in H.
  destruct (Rle_or_lt 0 (value (function t) x)) as [V|V].
  - destruct (member Q (row_number t)) eqn:M; [specialize (AQ _ _ M TN); lra|].
    destruct (read (with_square scale T (weights (function t))) (with_member P (row_number t)) Q tokens) as [rest'|] eqn:E; [|discriminate].
    apply (R _ _ _ _ _ E); auto.
    + apply (add_row T (function t) (fun i => member P i = true) _ (row_number t) (function t) B TM TN V); [lra| |apply member_with_self, T0].
      intros k K. split; [intros ->; congruence|apply member_with_other; assumption].
    + apply all_nonnegative_with; auto.
  - assert (I' : exists t, In t C /\ 0 <= value (function t) x).
    { exists t0. destruct I as [<-|I]; [lra|auto]. }
    destruct (member Q (row_number t)) eqn:M; [apply (IH _ _ _ H B AP AQ U' I')|].
    destruct (read (with_square scale T (weights (function t))) (with_member P (row_number t)) Q tokens) as [rest'|]; [|discriminate].
    apply (IH _ _ _ H B AP); auto. apply all_negative_with; auto.
Qed.

Lemma read_gram_node_sound : forall circuits, (forall token s, entry circuits token = Some s -> shows m functions x s) ->
  forall A (fuel : list A), gram_claims (read_gram_node n scale pairs circuits fuel).
Proof.
  intros circuits HC A. induction fuel as [|a fuel IH]; intros T P Q tokens rest H B AP AQ; cbn [read_gram_node] in H; [discriminate|].
  destruct tokens as [|token tokens]; [discriminate|]. destruct (token =? -1)%Z.
  - destruct (semidefinite n 1 (with_pairs scale T P Q pairs)) eqn:S; [|discriminate].
    destruct (with_pairs_sound pairs P Q (incl_refl _) pairs_different AQ T) as (has & chosen & ND & C & F).
    + destruct B as (chosen & ND & C & F). exists chosen. split; [exact ND|]. split; [|exact F].
      intros i I. destruct (C i I). split; auto.
    + assert (P0 := semidefinite_sound _ _ _ S v). exists chosen. split; [exact ND|]. split; [intros i I; apply C, I|lra].
  - destruct (entry circuits token) as [[positive negative]|] eqn:E; [|discriminate].
    destruct (HC _ _ E) as (UP & UN & SH). cbn [fst snd] in *.
    destruct (first_with false P negative) eqn:FN; [discriminate|].
    destruct (first_with true P positive) eqn:FP; [discriminate|].
    apply (gram_children_sound _ IH _ _ _ _ _ _ H B AP AQ).
    + intros t I. split; [apply UP, I|apply (first_with_spec true P positive FP t I)].
    + apply SH. intros t I. apply (AP (row_number t)); [|apply UN, I]. apply (first_with_spec false P negative FN t I).
Qed.

End Tree.

(** * Sides *)

Lemma made_idot : forall n r z v, made_from n r z -> idot (weights z) v = IZR (denominator z) * dot (normal r) v.
Proof.
  intros n r z v (_ & P & V). assert (V0 := V (fun _ => 0)). specialize (V v). unfold value, affine in V, V0. rewrite zero_dot in V0.
  assert (I0 : idot (weights z) (fun _ => 0) = 0).
  { rewrite (idot_ext _ _ (times 0 zero_point)); [rewrite idot_times; ring|]. intros; unfold times, zero_point; ring. }
  rewrite I0 in V0. lra.
Qed.

Lemma over_common_made : forall n d layer given rows, Forall2 (made_from n) layer given -> over_common d given = Some rows ->
  (0 < d)%Z -> Forall2 (made_from n) layer rows /\ forall r, In r rows -> denominator r = d.
Proof.
  intros n d layer given rows M. revert rows. induction M as [|r z layer given ((L & _) & P & V) _ IH]; intros rows H D; cbn [over_common] in H.
  - injection H as <-. split; [constructor|intros r []].
  - set (f := (d ÷ denominator z)%Z) in H. destruct (f * denominator z =? d)%Z eqn:F; [|discriminate].
    destruct (over_common d given) as [rest|]; [|discriminate]. injection H as <-. apply Z.eqb_eq, (f_equal IZR) in F. rewrite mult_IZR in F.
    destruct (IH rest eq_refl D) as [A B]. split; [|intros q [<-|Q]; [reflexivity|apply B, Q]].
    constructor; [|exact A]. split; [split; [cbn [weights]; rewrite map_length; exact L|reflexivity]|]. cbn [denominator].
    split; [apply (IZR_lt 0), D|]. intro x. specialize (V x). unfold value in *. cbn [weights constant]. rewrite idot_scaled, mult_IZR, <- F.
    rewrite Rmult_assoc, <- V. ring.
Qed.

Lemma all_zero_entries : forall g, (forall y, idot g y = 0) -> forallb (fun a => a =? 0)%Z g = true.
Proof.
  induction g as [|a g IH]; intros H; [reflexivity|]. cbn [forallb]. apply andb_true_intro. split.
  - apply Z.eqb_eq, eq_IZR. specialize (H (cons 1 zero_point)). cbn [idot] in H. change (fun j => cons 1 zero_point (S j)) with zero_point in H.
    assert (E : idot g zero_point = 0).
    { rewrite (idot_ext _ zero_point (times 0 zero_point)); [rewrite idot_times; ring|]. intros; unfold times, zero_point; ring. }
    rewrite E in H. cbn [cons] in H. lra.
  - apply IH. intro y. specialize (H (cons 0 y)). cbn [idot] in H. change (fun j => cons 0 y (S j)) with y in H. cbn [cons] in H. lra.
Qed.

Lemma generic_row : forall n r z x, made_from n r z -> (affine r x = 0 -> forall y, affine r y = 0) -> value z x = 0 -> is_zero_row z = true.
Proof.
  intros n r z x M G V0. assert (MI := made_idot n r z). destruct M as (S & P & V). rewrite V in V0.
  assert (A : forall y, value z y = 0).
  { intro y. rewrite V, G; [ring|]. apply Rmult_eq_reg_l with (IZR (denominator z)); lra. }
  assert (C : constant z = 0%Z).
  { apply eq_IZR. specialize (A (fun _ => 0)). unfold value in A. rewrite (MI _ (conj S (conj P V))), zero_dot in A. lra. }
  unfold is_zero_row. apply andb_true_intro. split; [|apply Z.eqb_eq, C]. apply all_zero_entries. intro y.
  specialize (A y). unfold value in A. rewrite C in A. lra.
Qed.

Definition product_square (v : point) (r : integer_row) : R := idot (weights r) v * idot (weights r) v.
Definition counted_square (x v : point) (r : integer_row) : R := if Rle_dec 0 (value r x) then product_square v r else 0.

Lemma sum_nth : forall A (l : list A) g,
  sum (seq 0 (length l)) (fun k => match nth_error l k with Some r => g r | None => 0 end) = sum l g.
Proof.
  induction l as [|a l IH]; intro g; [reflexivity|]. cbn [length]. rewrite sum_first, sum_cons, <- IH. reflexivity.
Qed.

Lemma sum_map : forall A B (h : A -> B) l f, sum (map h l) f = sum l (fun a => f (h a)).
Proof. induction l as [|a l IH]; intro f; [reflexivity|]. cbn [map]. rewrite !sum_cons, IH. reflexivity. Qed.

Lemma form_with_squares : forall scale T rows v, form (with_squares scale T rows) v = form T v + IZR scale * sum rows (product_square v).
Proof.
  intros scale T rows v. induction rows as [|r rows IH]; cbn [with_squares]; [unfold sum; simpl; ring|].
  rewrite form_with_square, IH, sum_cons. unfold product_square. ring.
Qed.

(** What a side shows: its form for the rows that are nonnegative at a generic point is nonnegative. *)
Lemma check_gram_rows_sound : forall above n K IK d layer rows side x v, domain_made n K IK -> Forall2 (made_from n) layer rows ->
  check_gram_rows above n IK d rows side = Good tt -> inside n K x -> generic layer x ->
  0 <= form (start_of above n d (bound side) rows) v + IZR (Zpos (Qden (bound side))) * sum rows (counted_square x v).
Proof.
  intros above n K IK d layer rows side x v DM M H X G. unfold check_gram_rows in H.
  set (of_layer := with_entries no_entries rows) in H. set (m := size of_layer) in H.
  set (functions := with_entries of_layer (halfspaces IK)) in H.
  destruct (negb _) eqn:ND in H; [discriminate|]. apply negb_false_iff, andb_prop in ND as [ND _].
  destruct (opposites_of functions m (opposites side)) as [pairs|] eqn:OP; [|discriminate].
  destruct (read_gram_circuits m IK functions (gram_circuits side) no_entries) as [found|] eqn:RC; [|discriminate].
  destruct (read_gram_node n (Zpos (Qden (bound side))) pairs found (tt :: map (fun _ => tt) rows)
    (start_of above n d (bound side) rows) 0 0 (gram_tokens side)) as [rest|] eqn:RN; [|discriminate].
  destruct (opposites_of_sound _ _ _ _ OP) as [NM PO]. apply all_different_spec in ND as [ND _]. rewrite <- NM in ND.
  assert (SP : 0 < IZR (Zpos (Qden (bound side)))) by (apply (IZR_lt 0); reflexivity).
  assert (GX : forall t, named functions t -> is_row m t = true -> value (function t) x = 0 -> is_zero_row (function t) = true).
  { intros t T R. assert (I := named_row IK rows t T R). destruct (Forall2_in_right _ _ _ _ _ M _ I) as (r & RI & MR).
    apply (generic_row n r (function t) x MR). apply (G r RI). }
  assert (AC := read_gram_circuits_sound n K IK m functions x DM (named_length n K IK layer rows DM M) (halfspace_below n K IK rows DM)
    X GX (gram_circuits side) no_entries found RC (all_cells_none _ _)).
  set (base := form (start_of above n d (bound side) rows) v).
  assert (NAT : forall t, named functions t -> (0 <= row_number t)%Z) by (intros t T; apply (entry_number _ _ _ _ T)).
  destruct (read_gram_node_sound n m functions x v (Zpos (Qden (bound side))) pairs SP (PO x v) ND base NAT found
    (fun token s E => AC _ _ (entry_cells _ _ _ _ E)) unit (tt :: map (fun _ => tt) rows) _ 0%Z 0%Z _ rest RN) as (chosen & NDC & C & F).
  - exists []. split; [constructor|]. split; [intros i []|]. unfold sum, base. simpl. lra.
  - intros k r N. rewrite member_none in N. discriminate.
  - intros k r N. rewrite member_none in N. discriminate.
  - eapply Rle_trans; [exact F|]. apply Rplus_le_compat_l, Rmult_le_compat_l; [lra|].
    rewrite <- (sum_nth _ rows). set (f := fun k => match nth_error rows k with Some r => counted_square x v r | None => 0 end).
    assert (NE : forall i, In i chosen -> (0 <= i)%Z /\ exists r, nth_error rows (Z.to_nat i) = Some r /\ share functions v i = counted_square x v r).
    { intros i I. destruct (C i I) as (IM & r & E & V). assert (B := entry_number _ _ _ _ E). split; [lia|]. exists r.
      assert (E' := entry_below _ _ _ _ _ (size_with_entries _ rows no_entries) E IM). apply (entry_nth _ rows no_entries) in E'; [|cbn; lia].
      replace (i - size no_entries)%Z with i in E' by (cbn; lia). split; [exact E'|]. unfold share, counted_square. rewrite E.
      destruct (Rle_dec 0 (value r x)); [reflexivity|contradiction]. }
    apply Rle_trans with (sum (map Z.to_nat chosen) f).
    + rewrite sum_map. right. apply sum_ext. intros i I. destruct (NE i I) as (_ & r & E & S). rewrite S. unfold f. rewrite E. reflexivity.
    + apply sum_part.
      * intro k. unfold f, counted_square, product_square. destruct (nth_error rows k) as [r|]; [|lra]. destruct (Rle_dec 0 (value r x)); [apply Rle_0_sqr|lra].
      * clear - NDC NE. induction NDC as [|i chosen NI ND IH]; cbn [map]; constructor.
        -- intro I. apply in_map_iff in I as (k & E & KI). apply NI. replace i with k; [exact KI|].
           destruct (NE i (or_introl eq_refl)) as [I0 _]. destruct (NE k (or_intror KI)) as [K0 _]. lia.
        -- apply IH. intros k KI. apply NE. right. exact KI.
      * intros k KI. apply in_map_iff in KI as (i & <- & I). destruct (NE i I) as (_ & r & E & _). apply in_seq.
        assert (NN : nth_error rows (Z.to_nat i) <> None) by congruence. apply nth_error_Some in NN. lia.
Qed.

Lemma counted_below : forall n d layer rows x v, Forall2 (made_from n) layer rows -> (forall r, In r rows -> denominator r = d) ->
  generic layer x -> sum rows (counted_square x v) = IZR d * IZR d * active_square layer x v.
Proof.
  intros n d layer rows x v M. induction M as [|r z layer rows MZ M IH]; intros D G; [unfold sum; simpl; ring|].
  rewrite sum_cons, (IH (fun q Q => D q (or_intror Q)) (fun q Q => G q (or_intror Q))). cbn [active_square].
  assert (E := made_idot n r z v MZ). assert (DZ := D z (or_introl eq_refl)). rewrite DZ in E.
  unfold counted_square, product_square. rewrite E. specialize (G r (or_introl eq_refl)). destruct MZ as (_ & P & V). rewrite (V x), DZ.
  rewrite DZ in P. destruct (Rle_dec 0 (IZR d * affine r x)) as [L|L], (Rlt_dec 0 (affine r x)) as [A|A]; try ring.
  - assert (A0 : affine r x = 0) by nra. assert (G1 := G A0 v). assert (G0 := G A0 (fun _ => 0)). unfold affine in G1, G0.
    rewrite zero_dot in G0. assert (dot (normal r) v = 0) as -> by lra. ring.
  - exfalso. apply L. nra.
Qed.

Lemma turned_affine : forall r x, affine (turned r) x = - affine r x.
Proof.
  intros r x. unfold affine, turned. cbn [normal bias]. rewrite Q2R_opp.
  assert (E : forall w y, dot (map Qopp w) y = - dot w y).
  { induction w as [|a w IH]; intro y; simpl; [ring|]. rewrite IH, Q2R_opp. ring. }
  rewrite E. ring.
Qed.

Lemma turned_dot : forall r x, dot (normal (turned r)) x = - dot (normal r) x.
Proof.
  intros r x. unfold turned. cbn [normal]. revert x. induction (normal r) as [|a w IH]; intro y; simpl; [ring|]. rewrite IH, Q2R_opp. ring.
Qed.

Lemma counted_above : forall n d layer rows x v, Forall2 (made_from n) (map turned layer) rows -> (forall r, In r rows -> denominator r = d) ->
  sum rows (product_square v) - sum rows (counted_square x v) = IZR d * IZR d * active_square layer x v.
Proof.
  intros n d layer. induction layer as [|r layer IH]; intros rows x v M D; inversion M as [|? z ? rows' MZ M']; subst.
  - unfold sum. simpl. ring.
  - specialize (IH rows' x v M' (fun q Q => D q (or_intror Q))). rewrite !sum_cons. cbn [active_square].
    assert (E := made_idot n _ z v MZ). assert (DZ := D z (or_introl eq_refl)). rewrite DZ, turned_dot in E.
    assert (G : product_square v z - counted_square x v z = IZR d * IZR d * (if Rlt_dec 0 (affine r x) then dot (normal r) v * dot (normal r) v else 0)).
    { unfold counted_square, product_square. rewrite E. destruct MZ as (_ & P & V). rewrite (V x), DZ, turned_affine. rewrite DZ in P.
      destruct (Rle_dec 0 (IZR d * - affine r x)) as [L|L], (Rlt_dec 0 (affine r x)) as [A|A]; try ring.
      - exfalso. nra.
      - exfalso. apply L. nra. }
    lra.
Qed.

Theorem check_gram_sound : forall n K layer below above, check_gram n K layer below above = Good tt ->
  eigenvalues_between n K layer (bound below) (bound (force above)).
Proof.
  intros n K layer below above H x v X G. unfold check_gram in H.
  destruct (integer_domain_of n K) as [IK|] eqn:DM; [|discriminate]. apply integer_domain_of_spec in DM.
  destruct (check_gram_side false n IK layer below) as [[]|] eqn:B; [|discriminate].
  unfold check_gram_side in B, H. destruct (integer_rows n 0 layer) as [given|] eqn:R; [|discriminate].
  destruct (over_common (common_of given) given) as [rows|] eqn:OC; [|discriminate].
  destruct (0 <? common_of given)%Z eqn:D; [|discriminate]. apply Z.ltb_lt in D.
  destruct (integer_rows n 0 (map turned layer)) as [given'|] eqn:R'; [|discriminate].
  destruct (over_common (common_of given') given') as [rows'|] eqn:OC'; [|discriminate].
  destruct (0 <? common_of given')%Z eqn:D'; [|discriminate]. apply Z.ltb_lt in D'.
  apply integer_rows_spec in R, R'.
  destruct (over_common_made n _ _ _ _ R OC D) as [M DR]. destruct (over_common_made n _ _ _ _ R' OC' D') as [M' DR'].
  assert (G' : generic (map turned layer) x).
  { intros q Q. apply in_map_iff in Q as (r & <- & RI). rewrite turned_affine. intros Z0 y. rewrite turned_affine, (G r RI); lra. }
  assert (SB := check_gram_rows_sound false n K IK _ layer rows below x v DM M B X G).
  assert (SA := check_gram_rows_sound true n K IK _ _ rows' (force above) x v DM M' H X G').
  rewrite (counted_below n _ layer rows x v M DR G) in SB. assert (CA := counted_above n _ layer rows' x v M' DR').
  cbn [start_of] in SA, SB. rewrite form_with_squares, form_diagonal, !mult_IZR in SA. rewrite form_diagonal, opp_IZR, !mult_IZR in SB.
  change (IZR (- Zpos (Qden (bound (force above))))) with (- IZR (Zpos (Qden (bound (force above))))) in SA.
  apply (IZR_lt 0) in D, D'. set (d := IZR (common_of given)) in *. set (e := IZR (common_of given')) in *.
  assert (EB := radius_square (bound below)). assert (EA := radius_square (bound (force above))).
  assert (PB : 0 < IZR (Zpos (Qden (bound below)))) by (apply (IZR_lt 0); reflexivity).
  assert (PA : 0 < IZR (Zpos (Qden (bound (force above))))) by (apply (IZR_lt 0); reflexivity).
  set (p := IZR (Zpos (Qden (bound below)))) in *. set (q := IZR (Zpos (Qden (bound (force above))))) in *.
  rewrite <- EB in SB. rewrite <- EA in SA. split.
  - apply Rmult_le_reg_l with (p * (d * d)); [apply Rmult_lt_0_compat; [exact PB|apply Rmult_lt_0_compat; exact D]|]. lra.
  - apply Rmult_le_reg_l with (q * (e * e)); [apply Rmult_lt_0_compat; [exact PA|apply Rmult_lt_0_compat; exact D']|].
    replace (q * (e * e) * active_square layer x v) with (q * (e * e * active_square layer x v)) by ring. rewrite <- CA. lra.
Qed.
